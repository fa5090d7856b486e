"""When a job fires: schedules, time zones, and the instants they lead to.

Pure: no input or output beside the pinned time zone data, no clock; every instant is passed in.
"""
