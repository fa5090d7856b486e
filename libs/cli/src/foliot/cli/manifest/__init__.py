"""Jobs as a file: read with lines, compared with the server, written."""
