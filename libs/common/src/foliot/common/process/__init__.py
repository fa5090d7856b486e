"""The parts of every service as a process: configuration, start and stop, duties, logs, metrics, health."""
