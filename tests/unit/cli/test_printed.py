"""Tables, forms, and what others wrote."""

from __future__ import annotations

import json

import pytest

from foliot.cli.exits import AWAY, CONFLICT, FAILED, FORBIDDEN, NOT_FOUND, code_of, words_of
from foliot.cli.output import Output
from foliot.cli.tables import cell, plain, tabbed, table
from foliot.client.errors import Away, Refused

ITEMS = [{"id": 1, "name": "a\tb\n\x1b[31m", "x": None}, {"id": 22, "name": "日本", "x": {"k": [1]}}]


def test_columns_are_as_wide_as_what_is_seen() -> None:
    shown = table(["ID", "NAME", "X"], [["1", "日本", "a"], ["22", "é́", "b"]])
    assert shown.splitlines() == ["ID  NAME  X", "1   日本  a", "22  é́     b"]


def test_nobody_elses_text_commands_the_terminal() -> None:
    assert cell("a\tb\n\x1b[31m\u202e") == "a\\tb\\n\\x1b[31m\\u202e"
    assert plain("a\tb\n\x1b]0;x\x07", lines=True) == "a\tb\n\\x1b]0;x\\x07"
    assert tabbed([[cell("a\tb"), "c"]]) == "a\\tb\tc\n"


@pytest.mark.parametrize("form", ["json", "ndjson", "yaml", "name", "table"])
def test_forms(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    Output(form, {}).items(ITEMS, ["id", "name"], "id")
    out = capsys.readouterr().out
    expected = {
        "name": "1\n22\n", "table": "1\ta\\tb\\n\\x1b[31m\n22\t日本\n",
        "ndjson": "".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n" for one in ITEMS),
    }  # fmt: skip
    if form == "json":
        assert json.loads(out) == ITEMS
    elif form == "yaml":
        assert out.startswith('- id: 1\n  name: "a\\tb\\n\\e[31m"\n  x: null\n')
    else:
        assert out == expected[form]


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, FAILED), (401, FORBIDDEN), (403, FORBIDDEN), (404, NOT_FOUND), (409, CONFLICT), (412, CONFLICT), (422, FAILED), (429, AWAY), (503, AWAY)],
)  # fmt: skip
def test_each_error_has_its_code(status: int, code: int) -> None:
    assert code_of(Refused(status, {})) == code
    assert code_of(Away("no answer")) == 6


def test_an_error_in_words() -> None:
    problem = {"detail": "wrong", "request_id": "r1", "errors": [{"field": "a", "message": "b"}]}
    assert words_of(Refused(422, problem)) == "foliot: wrong\n  a: b\n  request r1"
