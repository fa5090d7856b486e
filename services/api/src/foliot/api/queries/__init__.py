"""Reads and tables that the API alone has."""
