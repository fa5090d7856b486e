"""The one error a person is meant to read."""


class ClusterError(Exception):
    """What went wrong and what to do about it, in one line; `details` may follow it."""

    def __init__(self, line: str, details: str = "") -> None:
        super().__init__(f"{line}\n{details}" if details else line)


class NotReady(Exception):
    """Why a process does not serve yet."""
