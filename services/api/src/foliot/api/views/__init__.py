"""Answers to readers: a job, pages of lists, and the timeline of a job."""
