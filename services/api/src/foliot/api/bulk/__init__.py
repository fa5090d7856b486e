"""Bulk: one action on many jobs, the jobs of a set made equal to a list, and the operations that do it in chunks."""
