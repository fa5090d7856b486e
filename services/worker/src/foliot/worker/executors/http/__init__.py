"""The parts of the http_request executor."""
