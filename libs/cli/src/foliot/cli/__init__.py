"""The command line. What is not asked for is not imported: a command begins within a tenth of a second."""
