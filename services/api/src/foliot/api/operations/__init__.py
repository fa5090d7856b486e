"""The table of operations, and the description that is made of it: OpenAPI, and the pages of the reference."""
