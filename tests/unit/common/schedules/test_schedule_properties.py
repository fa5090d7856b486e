"""Laws that hold for every schedule, zone, rule and window."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foliot.common.schedules.errors import ScheduleError
from foliot.common.schedules.grammar import parse
from foliot.common.schedules.timetable import DST_GAPS, DST_OVERLAPS, Timetable, from_fields

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Antarctica/Troll",
)
MICROSECOND = timedelta(microseconds=1)
instants = st.datetimes(datetime(2005, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def _field(low: int, high: int) -> st.SearchStrategy[str]:
    value = st.integers(low, high)
    pair = st.tuples(value, value).map(sorted)
    item = st.one_of(
        value.map(str),
        pair.map(lambda ends: f"{ends[0]}-{ends[1]}"),
        st.tuples(pair, st.integers(1, high - low)).map(lambda it: f"{it[0][0]}-{it[0][1]}/{it[1]}"),
        st.integers(1, high - low).map(lambda step: f"*/{step}"),
    )
    return st.one_of(st.just("*"), st.lists(item, min_size=1, max_size=3).map(",".join))


_minute, _hour, _month, _weekday = _field(0, 59), _field(0, 23), _field(1, 12), _field(0, 6)
_day = st.one_of(_field(1, 31), st.just("L"))
cron_texts = st.one_of(
    st.tuples(_minute, _hour, _day, _month, _weekday).map(" ".join),
    st.tuples(_minute, _minute, _hour, st.just("*"), st.just("*"), st.just("*")).map(" ".join),
)
schedules = st.one_of(
    cron_texts,
    st.tuples(st.integers(1, 100_000), st.sampled_from(["s", "m"])).map(lambda it: f"@every {it[0]}{it[1]}"),
    instants.map(lambda at: at.isoformat().replace("+00:00", "Z")),
    st.sampled_from(["immediate", "manual", "H H * * *", "@weekly"]),
)


@st.composite
def timetables(draw: st.DrawFn, texts: st.SearchStrategy[str] = schedules) -> Timetable:
    try:
        schedule = parse(draw(texts))
    except ScheduleError:
        schedule = parse("@daily")
    return Timetable(
        schedule,
        zone=ZoneInfo(draw(st.sampled_from(ZONES))),
        dst_gap=draw(st.sampled_from(DST_GAPS)),
        dst_overlap=draw(st.sampled_from(DST_OVERLAPS)),
        start_at=draw(st.none() | instants),
        end_at=draw(st.none() | instants),
        anchor=draw(instants),
    )


laws = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@laws
@given(timetables(), instants)
def test_ticks_rise_and_lie_in_the_window(table: Timetable, after: datetime) -> None:
    ticks = table.ticks(after, after + timedelta(days=1000), 30)
    assert all(low < high for low, high in zip([after, *ticks], ticks, strict=False))
    assert all(tick.tzinfo is UTC for tick in ticks)
    assert all(table.start_at is None or tick >= table.start_at for tick in ticks)
    assert all(table.end_at is None or tick <= table.end_at for tick in ticks)


@laws
@given(timetables(), instants, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_nothing_lies_between_a_moment_and_its_next_tick(table: Timetable, after: datetime, later: timedelta) -> None:
    tick = table.next_after(after)
    between = after + later
    if tick is None:
        assert table.next_after(between) is None
    else:
        assert table.next_after(tick - MICROSECOND) == tick
        if between < tick:
            assert table.next_after(between) == tick


@laws
@given(timetables(), instants, st.integers(0, 20))
def test_a_search_may_be_cut_anywhere(table: Timetable, after: datetime, cut: int) -> None:
    until = after + timedelta(days=500)
    ticks = table.ticks(after, until, 20)
    head = ticks[:cut]
    assert head + table.ticks(head[-1] if head else after, until, 20 - len(head)) == ticks
    one_by_one = [table.next_after(before) for before in [after, *ticks[:-1]]]
    assert ticks == one_by_one or (not ticks and (one_by_one[0] is None or one_by_one[0] > until))


@laws
@given(timetables(cron_texts), instants)
def test_a_window_only_takes_away(table: Timetable, after: datetime) -> None:
    until = after + timedelta(days=100)
    always = Timetable(
        table.schedule,
        zone=table.zone,
        dst_gap=table.dst_gap,
        dst_overlap=table.dst_overlap,
        anchor=table.anchor,
    )
    kept = [
        tick
        for tick in always.ticks(after, until, 200)
        if (table.start_at is None or tick >= table.start_at) and (table.end_at is None or tick <= table.end_at)
    ]
    assert table.ticks(after, until, 200)[: len(kept)] == kept


@laws
@given(
    st.integers(0, 59),
    st.integers(0, 23),
    st.sampled_from(ZONES),
    st.sampled_from(["first", "second"]),
    instants,
)
def test_a_fixed_time_fires_once_each_local_day(
    minute: int, hour: int, name: str, overlap: str, after: datetime
) -> None:
    """One tick a day; that of a day which was left out falls on the next one's first instant."""
    table = from_fields(schedule=f"{minute} {hour} * * *", timezone=name, anchor=after, dst_overlap=overlap)
    first_day = after.astimezone(ZoneInfo(name)).date() + timedelta(days=1)
    begin = datetime(first_day.year, first_day.month, first_day.day, tzinfo=ZoneInfo(name)).astimezone(UTC)
    last_day = first_day + timedelta(days=400)
    end = datetime(last_day.year, last_day.month, last_day.day, tzinfo=ZoneInfo(name)).astimezone(UTC)
    ticks = table.ticks(begin - MICROSECOND, end - MICROSECOND, 1000)
    lost_and_merged = name == "Pacific/Apia" and begin <= datetime(2011, 12, 30, 10, tzinfo=UTC) < end
    merged = int(lost_and_merged and (minute, hour) == (0, 0))
    assert len(ticks) == 400 - merged
    days = {tick.astimezone(ZoneInfo(name)).date() for tick in ticks}
    assert len(days) == 400 - int(lost_and_merged)
