"""A module for each noun. None is imported before its command is called."""
