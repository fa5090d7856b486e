"""Schedules that the grammar refuses: each error names the place and something that works."""

import re

import pytest

from foliot.common.schedules.errors import ScheduleError
from foliot.common.schedules.grammar import parse


def refused(text: str) -> ScheduleError:
    with pytest.raises(ScheduleError) as caught:
        parse(text)
    assert caught.value.message == str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", None, "empty"),
        ("   \t", None, "empty"),
        ("*", None, "has 5 fields"),
        ("* * * *", None, "this has 4"),
        ("0 0 0 * * * 2030", None, "this has 7"),
        ("hello", None, "no schedule"),
        ("60 * * * *", 1, "minute 60 is not between 0 and 59"),
        ("0 24 * * *", 3, "hour 24"),
        ("0 0 0 * *", 5, "day of month 0"),
        ("0 0 32 * *", 5, "day of month 32"),
        ("0 0 1 13 *", 7, "month 13"),
        ("0 0 1 0 *", 7, "month 0"),
        ("0 0 * * 8", 9, "day of week 8"),
        ("60 0 0 * * *", 1, "second 60"),
        ("1,2,60 * * * *", 5, "minute 60"),
        ("0  9  *  *  fri-8", 17, "day of week 8"),
        ("5-1 * * * *", 1, "runs backwards: write 5-59,0-1"),
        ("0 22-2 * * *", 3, "write 22-23,0-2"),
        ("0 0 * * fri-sun", 9, "write 5-7"),
        ("0 0 * * sat-mon", 9, "write 6-6,0-1"),
        ("*/61 * * * *", 3, "must be a number from 1 to 60"),
        ("*/0 * * * *", 3, "must be a number"),
        ("*/ * * * *", 3, "must be a number"),
        ("*/x * * * *", 3, "must be a number"),
        ("*/1/2 * * * *", 3, "must be a number"),
        ("0 */25 * * *", 5, "1 to 24"),
        ("0 0 */32 * *", 7, "1 to 31"),
        ("0 0 * */13 *", 9, "1 to 12"),
        ("0 0 * * */8", 11, "1 to 7"),
        ("0 0 ? * *", 5, "write *"),
        ("0 0 * * ?", 9, "write *"),
        ("R R * * *", 1, "H spreads"),
        ("R(0-5) * * * *", 1, "cannot read"),
        ("0 0 15W * *", 5, "W (nearest working day)"),
        ("0 0 LW * *", 5, "W (nearest working day)"),
        ("0 0 L-3 * *", 5, "stands alone"),
        ("0 0 * * 5L", 9, "written L5, not 5L"),
        ("0 0 * * L", 9, "needs a weekday"),
        ("0 0 * * 5#6", 9, "1 to 5"),
        ("0 0 * * 5#0", 9, "1 to 5"),
        ("0 0 * * 8#1", 9, "day of week 8"),
        ("0 0 * * 1-5#2", 9, "cannot read"),
        ("0 0 * * L9", 10, "day of week 9"),
        ("L * * * *", 1, "cannot read 'L'"),
        ("5#2 * * * *", 1, "cannot read"),
        ("mon * * * *", 1, "cannot read 'MON'"),
        ("0 0 * mon *", 7, "cannot read 'MON'"),
        (", * * * *", 1, "a value is missing"),
        ("1,,2 * * * *", 3, "a value is missing"),
        ("1- * * * *", 3, "a value is missing"),
        ("-1 * * * *", 1, "a value is missing"),
        ("1-2-3 * * * *", 3, "cannot read '2-3'"),
        ("1_0 * * * *", 1, "cannot read"),
        ("+5 * * * *", 1, "cannot read"),
        ("1.5 * * * *", 1, "cannot read"),
        ("H(5-1) * * * *", 3, "runs backwards"),
        ("H(0-99) * * * *", 5, "minute 99"),
        ("H( * * * *", 1, "cannot read"),
        ("H5 * * * *", 1, "cannot read"),
        ("H/61 * * * *", 3, "1 to 60"),
        ("0 0 31 2 *", 5, "never fires"),
        ("0 0 30,31 feb *", 5, "never fires"),
        ("0 0 0 31 4,6,9,11 *", 7, "never fires"),
        ("0 0 */31 * 5#5", 5, "never fires"),
        ("0 9 * * *\n", 10, "cannot stand"),
        ("0 9 * * *\n0 10 * * *", 10, "cannot stand"),
        ("0 9 * *\x00 *", 8, "cannot stand"),
        ("0 9 * * \u0661", 9, "cannot stand"),
        ("\u00a00 9 * * *", 1, "cannot stand"),
        ("@hourly 5", 1, "is not one of @hourly"),
        ("@Daily", 1, "is not one of @hourly"),
        ("@daily 5", 1, "is not one of"),
        ("@", 1, "is not one of"),
        ("@every", 8, "one duration"),
        ("@every 5", 8, "one duration"),
        ("@every 0s", 8, "at least 1s"),
        ("@every 500ms", 8, "one duration"),
        ("@every 1.5h", 8, "one duration"),
        ("@every -5m", 8, "one duration"),
        ("@every 5m 3s", 8, "one duration"),
        ("@every 30s1m", 8, "one duration"),
        ("@every 3654d", 8, "at most 3653d"),
        ("@every 99999999999999999999d", 8, "at most 3653d"),
        ("2030-01-31", None, "RFC 3339"),
        ("2030-01-31T09", None, "RFC 3339"),
        ("2030-01-31T09:00:00Z[Europe/Berlin]", None, "RFC 3339"),
        ("2030-01-31 09:00:00Z", None, "RFC 3339"),
        ("2030-01-31T09:00:00.1234567Z", None, "RFC 3339"),
        ("2030-01-31T09:00:00+24:00", None, "RFC 3339"),
        ("2030-02-30T09:00:00Z", None, "no such instant"),
        ("2030-01-31T24:00:01Z", None, "no such instant"),
        ("2016-12-31T23:59:60Z", None, "no such instant"),
        ("0001-01-01T00:00:00+14:00", None, "no such instant"),
        ("1969-12-31T23:59:59Z", None, "1970 to 9998"),
        ("1969-12-31T23:59:59", None, "1970 to 9998"),
        ("9999-01-01T00:00", None, "1970 to 9998"),
        ("9999-12-31T23:59:59Z", None, "1970 to 9998"),
        ("Immediate", None, "no schedule"),
    ],
)
def test_refused(text: str, column: int | None, words: str) -> None:
    error = refused(text)
    assert words in error.message
    assert error.column == column
    assert error.example is not None
    for example in re.split(", | or ", error.example):
        parse(example.split(" (")[0])


def test_the_remedy_for_a_backward_range_works() -> None:
    for text in ("5-1 * * * *", "0 22-2 * * *", "0 0 * * fri-sun", "0 0 * * sat-mon", "0 0 1 nov-feb *"):
        remedy = refused(text).message.rsplit("write ", 1)[1].split(" ")[0]
        wrong = next(field for field in text.split() if "-" in field)
        parse(text.replace(wrong, remedy))


def test_longest() -> None:
    longest = "0 " + ",".join(["10"] * 30) + " * * *"
    assert len(longest) <= 100
    parse(longest)
    parse("0" + " " * 91 + "9 * * *")
    assert "has 101 characters" in refused("0" + " " * 93 + "9 * * *").message


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("CRON_TZ=Europe/Berlin 0 9 * * *", "write 0 9 * * * here and Europe/Berlin into the field timezone"),
        ("TZ=UTC 0 9 * * *", "write 0 9 * * * here and UTC into the field timezone"),
        ("tz = europe/berlin 0 9 * * *", "write 0 9 * * * here and Europe/Berlin into the field timezone"),
        ("CRON_TZ=Nowhere/Else @daily", "write @daily here and Nowhere/Else into the field timezone"),
        ("0 9 * * * Europe/Berlin", "write 0 9 * * * here and Europe/Berlin into the field timezone (column 11)"),
        ("30 0 9 * * * utc", "write 30 0 9 * * * here and UTC into the field timezone"),
        ("@daily Europe/Berlin", "write @daily here and Europe/Berlin into the field timezone"),
        ("cron(0 9 * * ? *)", "write 0 9 * * *"),
        ("cron(0 9 ? * 2-6 *)", "write 0 9 * * MON-FRI"),
        ("cron(0 9 ? * mon,7 2030)", "write 0 9 * * MON,SAT and bound the years by start_at and end_at"),
        ("cron(0 9 ? * 6L *)", "write its first five fields alone; here Sunday is 0, L5 the last Friday"),
        ("cron(0 9)", "write its fields alone"),
        ("rate(5 minutes)", "write @every 5m"),
        ("rate(1 hour)", "write @every 1h"),
        ("rate(7 days)", "write @every 7d"),
        ("rate(often)", "write @every and a duration"),
        ("at(2030-01-31T09:00:00)", "write the time alone"),
        ("@Daily", "write @daily"),
        ("@EVERY 5m", "write @every"),
        ("@reboot", "write immediate"),
        ("0 9 * * Monday", "'MONDAY' is written MON in the day of week field (column 9)"),
        ("0 9 * * tues-thurs", "'TUES' is written TUE"),
        ("0 9 1 September *", "'SEPTEMBER' is written SEP in the month field"),
        ("0~59 * * * *", "write H(0-59)"),
        ("~ * * * *", "write H,"),
    ],
)
def test_forms_of_other_schedulers_get_the_form_of_this_one(text: str, remedy: str) -> None:
    assert remedy in refused(text).message


@pytest.mark.parametrize(
    "text", ["0 9 * * *", "@daily", "@every 5m", "0 9 * * MON-FRI", "0 9 * * MON,SAT", "H(0-59) * * * *", "H * * * *"]
)
def test_the_remedies_work(text: str) -> None:
    parse(text)
