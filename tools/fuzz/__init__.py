"""Hostile input from a seed, by the thousand: requests to the API, answers to HTTP jobs, messages to a worker."""
