"""Executors: each carries out the attempts of one job_type; their protocol is in `attempt`."""
