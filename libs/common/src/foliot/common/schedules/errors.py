"""The error that refuses a schedule or a time zone."""


class ScheduleError(ValueError):
    """A schedule, a time zone or one of their rules was refused.

    `message` is for its author: the fault, its column if there is one (1 is the first character), and an example
    that works. A ValueError and no FoliotError: see FoliotError.
    """

    def __init__(self, problem: str, *, column: int | None = None, example: str | None = None) -> None:
        at = f" (column {column})" if column is not None else ""
        works = f"; for example: {example}" if example is not None else ""
        self.message = f"{problem}{at}{works}"
        self.column = column
        self.example = example
        super().__init__(self.message)
