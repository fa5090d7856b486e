"""Requests made up from a seed against the API: no answer may be a 500, and each refusal is a problem that says why."""
