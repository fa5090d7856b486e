"""Around every request: who calls, bodies and answers, errors, pages."""
