"""The preview of a schedule before it is saved: its next ticks, and the schedule in words."""
