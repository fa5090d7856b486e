"""Jobs, executions and their rules, as pure code without a server."""
