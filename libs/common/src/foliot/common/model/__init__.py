"""Jobs, executions and their rules: what the words mean, without a server."""
