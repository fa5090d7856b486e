"""The table at the end of a run."""

from __future__ import annotations

from benchmarks.results import Results, spread
from benchmarks.suites import Suite


def lines(suite: Suite, results: Results) -> list[list[str]]:
    """A row a cell, the title row first: medians, the first column of figures with its spread."""
    rows = [["", *(title for _, title in suite.columns)]]
    for cell in suite.cells:
        rounds = results.rounds(cell.name)
        found = [spread(rounds, name) for name, _ in suite.columns]
        rows.append([cell.name, *(_shown(value, wide=n == 0) for n, value in enumerate(found))])
    return rows


def print_table(suite: Suite, results: Results) -> None:
    rows = lines(suite, results)
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    print(f"\n{results.settings.suite}: medians of {results.settings.rounds} rounds, (least..greatest)")
    for row in rows:
        print(
            "  "
            + "  ".join(
                text.rjust(width) if n else text.ljust(width)
                for n, (text, width) in enumerate(zip(row, widths, strict=True))
            )
        )


def _shown(value: tuple[float, float, float] | None, *, wide: bool) -> str:
    if value is None:
        return "-"
    middle, least, greatest = (f"{number:,.0f}" if number >= 100 else f"{number:.3g}" for number in value)
    return f"{middle} ({least}..{greatest})" if wide else middle
