"""Tools for the description of the API."""
