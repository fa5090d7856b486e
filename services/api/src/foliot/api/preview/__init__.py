"""When a schedule fires, in times and in words."""
