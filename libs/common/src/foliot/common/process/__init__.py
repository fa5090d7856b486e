"""What every service does as a process: configuration, start and stop, duties, logs, metrics, health."""
