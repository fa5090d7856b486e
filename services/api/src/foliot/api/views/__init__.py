"""What the API shows: lists, and what became of each tick."""
