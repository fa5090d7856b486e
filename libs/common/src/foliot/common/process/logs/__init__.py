"""Log lines: one JSON object a line on stdout, in one format for our lines and for those of libraries."""
