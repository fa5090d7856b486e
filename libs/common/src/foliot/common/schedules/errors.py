"""What is said when a schedule or a time zone is refused."""


class ScheduleError(ValueError):
    """A schedule, a time zone or a rule of theirs was refused.

    `message` is meant for the person who wrote it: what is wrong, at which column where there is one
    (1 is the first character), and something that works.
    """

    def __init__(self, problem: str, *, column: int | None = None, example: str | None = None) -> None:
        at = f" (column {column})" if column is not None else ""
        works = f"; for example: {example}" if example is not None else ""
        self.message = f"{problem}{at}{works}"
        self.column = column
        self.example = example
        super().__init__(self.message)
