"""The parts of the sql_query executor."""
