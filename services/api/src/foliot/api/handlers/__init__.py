"""Handlers, one file a resource: each decodes a request, calls a step or a view, and answers."""
