"""Figures as rows: for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.results import Figures, Results, spread
from benchmarks.suites import Suite

Rows = list[list[str]]


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def shown(rounds: Sequence[Figures], name: str, *, wide: bool = False) -> str:
    """The median, with the least and the greatest if `wide`; nothing if it was not measured."""
    found = spread(rounds, name)
    if found is None:
        return ""
    middle, least, greatest = map(number, found)
    return f"{middle} ({least}..{greatest})" if wide else middle


def rows_of(suite: Suite, results: Results) -> Rows:
    """A row a cell, titles first: medians, the first column with its spread."""
    rows = [["", *(title for _, title in suite.columns)]]
    for cell in suite.cells:
        rounds = results.rounds(cell.name)
        rows.append([cell.name, *(shown(rounds, name, wide=n == 0) for n, (name, _) in enumerate(suite.columns))])
    return rows


def print_table(suite: Suite, results: Results) -> None:
    rows = rows_of(suite, results)
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    print(f"\n{results.settings.title}: medians of {results.settings.rounds} rounds, (least..greatest)")
    for row in rows:
        cells = [
            text.rjust(width) if n else text.ljust(width)
            for n, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  " + "  ".join(cells))
