"""`make bench-report`: docs/performance.md, from the newest finished run of each suite."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.punctuality import BURSTS, RATES
from benchmarks.results import Figures, Results, spread
from benchmarks.suites import SUITES
from benchmarks.table import Rows, number, rows_of, shown
from cluster.layout import REPOSITORY, Layout

TEXT = Path(__file__).with_name("report.md")
COMPONENTS = ("postgres", "replica", "rabbitmq", "zookeeper", "scheduler-1", "worker-1", "worker-2", "api-1")
DISTURBED = 10.0


def newest(home: Path, suite: str) -> Results | None:
    """The newest full run that has ended, else the newest short one."""
    for pattern in (f"*-{suite}", f"*-{suite}-quick"):
        found = [Results(path) for path in sorted(home.glob(pattern), reverse=True)]
        if done := [results for results in found if results.done]:
            return done[0]
    return None


def table(rows: Rows) -> str:
    head, *rest = rows
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rest]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def about(results: Results) -> str:
    """Which run it was, and what disturbed it."""
    settings, machine = results.settings, results.machine
    text = (
        f"{settings.rounds} rounds of about {settings.seconds} s, commit {settings.commit}, {settings.workers} workers of "
        f"{settings.slots} slots, {machine['cpus']} CPUs ({machine['cpu']}), {machine['memory']}, fdatasync of 8 kB in {machine.get('fdatasync', '?')}, Python {machine['python']}."
    )
    if "pace" in machine:
        text += f" The CPUs before, idle: {machine['pace']}."
    if settings.quick:
        text += " The short form: its figures flatter."
    every = [f for cell in SUITES[settings.suite].cells for f in results.rounds(cell.name)]
    disturbed = spread(every, "others_percent")
    if disturbed and disturbed[2] > DISTURBED:
        text += f" **Other work used up to {disturbed[2]:.0f} % of the machine at the same time.**"
    if problems := sum(len(figures["problems"]) for figures in every):
        text += f" **{problems} checks failed.**"
    return text


def peers(results: Results) -> str:
    """Rates, ratios and CPU of all that was measured side by side."""
    drain, soak = results.rounds("foliot drain"), results.rounds("foliot soak")
    rows = [["", "jobs/s drained", "Foliot's drain is", "its soak is", "enqueued/s", "CPU us/job", "PostgreSQL", "RabbitMQ", "processes",
             "others, % of CPUs"]]  # fmt: skip
    for cell in SUITES["peers"].cells:
        rounds = results.rounds(cell.name)
        total, pg, mq = (spread(rounds, f"cpu_us{part}") for part in ("", ".postgres", ".rabbitmq"))
        own = number(total[0] - (pg[0] if pg else 0) - (mq[0] if mq else 0)) if total else ""
        rows.append([
            cell.name, shown(rounds, "per_second", wide=True), ratio(cell.name, drain, rounds),
            ratio(cell.name, soak, rounds), shown(rounds, "enqueued_per_second", wide=True), shown(rounds, "cpu_us"), shown(rounds, "cpu_us.postgres"),
            shown(rounds, "cpu_us.rabbitmq"), own, shown(rounds, "others_percent"),
        ])  # fmt: skip
    return table(rows)


def ratio(name: str, ours: Sequence[Figures], theirs: Sequence[Figures]) -> str:
    """Our median by theirs; none if other work got into either."""
    mine, other = spread(ours, "per_second"), spread(theirs, "per_second")
    if name.startswith("foliot") or mine is None or other is None:
        return ""
    if any(
        found and found[0] > DISTURBED for found in (spread(ours, "others_percent"), spread(theirs, "others_percent"))
    ):
        return "disturbed"
    return f"{mine[0] / other[0]:.2g}x"


def components(results: Results) -> str:
    """CPU a job by component, and how much of a CPU that is at the rate reached."""
    rows = [["", "jobs/s", *COMPONENTS, "sum"]]
    for name in ("foliot drain", "foliot soak"):
        rounds = results.rounds(name)
        rate = spread(rounds, "per_second")
        parts = [spread(rounds, f"cpu_us{part}") for part in (*(f".{component}" for component in COMPONENTS), "")]
        rows.append(
            [
                f"{name}, us/job",
                shown(rounds, "per_second", wide=True),
                *(number(part[0]) if part else "" for part in parts),
            ]
        )
        used = [f"{part[0] * rate[0] / 1e4:.0f} %" if part and rate else "" for part in parts]
        rows.append([f"{name}, of one CPU", "", *used])
    return table(rows)


def punctuality(results: Results) -> str:
    loads = [f"{rate:,}/s" for rate in RATES] + [f"{burst:,} at once" for burst in BURSTS]
    rows = [["other schedules", *loads]]
    for cell in SUITES["punctuality"].cells:
        rounds = results.rounds(cell.name)
        rows.append([cell.name, *(" / ".join(shown(rounds, f"{load} {part}") for part in ("p50_ms", "p99_ms", "max_ms"))
                                  for load in loads)])  # fmt: skip
    return table(rows) + "\n\n" + changes(results)


def changes(results: Results) -> str:
    rows = [["one request after the other, ms", "create p50 / p99", "edit p50 / p99"]]
    for cell in SUITES["punctuality"].cells:
        rounds = results.rounds(cell.name)
        rows.append([cell.name, *(" / ".join(shown(rounds, f"{what} {part}") for part in ("p50_ms", "p99_ms"))
                                  for what in ("create", "edit"))])  # fmt: skip
    return table(rows)


def plain(results: Results) -> str:
    """The table that `make bench` prints."""
    return table(rows_of(SUITES[results.settings.suite], results))


PARTS: dict[str, tuple[str, Callable[[Results], str]]] = {
    "peers": ("peers", peers),
    "components": ("peers", components),
    "sustained": ("throughput", plain),
    "replica": ("throughput-replica", components),
    "punctuality": ("punctuality", punctuality),
    "post": ("post", plain),
    "history": ("history", plain),
    "floors": ("floors", plain),
    "memory": ("memory", plain),
}


def render(home: Path) -> str:
    """The page: the text of report.md with {about suite} and {table part} filled in."""
    text = TEXT.read_text()
    for part, (suite, draw) in PARTS.items():
        results = newest(home, suite)
        chosen = suite.replace("-replica", " REPLICA=1")
        missing = f"Not measured yet: `make bench SUITE={chosen}`."
        text = text.replace(f"{{about {part}}}", about(results) if results else missing)
        text = text.replace(f"{{table {part}}}", draw(results) if results else "")
    return text


def main() -> None:
    page = REPOSITORY / "docs" / "performance.md"
    page.write_text(render(Layout.from_environment().directory / "bench"))
    sys.stdout.write(f"{page.relative_to(REPOSITORY)} is written\n")


if __name__ == "__main__":
    main()
