"""Fire times: schedules and time zones, and the instants at which a job fires.

Pure code: it reads the pinned time zone data and nothing else, and has no clock; every instant is an argument.
"""
