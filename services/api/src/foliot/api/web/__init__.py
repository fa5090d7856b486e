"""HTTP, whatever the resource: callers, bodies and fields, pages, errors, and the one door of every change."""
