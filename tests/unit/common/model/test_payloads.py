"""Payloads that are taken and refused; a refusal names every wrong field at once."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foliot.common.model.payloads import decode
from foliot.common.model.payloads.checks import PayloadError
from foliot.common.model.payloads.http_request import HttpRequest
from foliot.common.model.payloads.script import Script
from foliot.common.model.payloads.sql_query import SqlQuery

URL = "https://example.com/hook"


def errors(job_type: str, payload: object) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    with pytest.raises(PayloadError) as caught:
        decode(job_type, payload)
    for field, message in caught.value.errors:
        found.setdefault(field, []).append(message)
    assert all(field in str(caught.value) for field in found)
    return found


def test_defaults_are_those_of_the_contract() -> None:
    assert decode("http_request", {"url": URL}) == HttpRequest(
        url=URL, method="GET", headers={}, body=None, expected_status=("2xx",), follow_redirects=False
    )
    assert decode("script", {"script": "exit 0"}) == Script(script="exit 0", interpreter=None, args=(), env={})
    assert decode("sql_query", {"datasource": "demo", "query": "SELECT 1"}) == SqlQuery(
        datasource="demo", query="SELECT 1", params=()
    )


def test_every_field_is_read() -> None:
    http = {
        "url": "http://[2001:db8::1]:8080/a?b=c#d",
        "method": "PATCH",
        "headers": {"X-Team": "a, b\tc", "Authorization": "Bearer x"},
        "body": {"deep": [1, 2.5, None, True, {"é": "ü"}]},
        "expected_status": ["204", "3xx", "999"],
        "follow_redirects": True,
    }
    script = {
        "script": "print(1)",
        "interpreter": "/usr/bin/python3",
        "args": ["-a", ""],
        "env": {"A_1": "x"},
    }
    sql = {"datasource": "sales.eu-1", "query": "SELECT $1", "params": [1, "x", None, [1, 2], {"a": 1}]}
    for job_type, payload in (("http_request", http), ("script", script), ("sql_query", sql)):
        decoded = decode(job_type, payload)
        assert json.loads(msgspec.json.encode(decoded)) == payload


def test_unknown_job_type_names_the_known_ones() -> None:
    assert errors("ftp", {}) == {"job_type": ["unknown job type; use http_request, script, sql_query"]}


@pytest.mark.parametrize("payload", [None, [], "text", 1, True])
def test_payload_must_be_an_object(payload: object) -> None:
    assert errors("script", payload) == {"payload": ["must be a JSON object"]}


@pytest.mark.parametrize(
    ("job_type", "required"),
    [("http_request", {"url"}), ("script", {"script"}), ("sql_query", {"datasource", "query"})],
)
def test_required_and_unknown_fields_are_named_together(job_type: str, required: set[str]) -> None:
    found = errors(job_type, {"nonsense": 1})
    assert found.keys() == {f"payload.{name}" for name in required | {"nonsense"}}
    assert "takes" in found["payload.nonsense"][0]


def test_every_wrong_field_is_listed_at_once() -> None:
    found = errors(
        "http_request",
        {
            "url": "ftp://example.com",
            "method": "get",
            "headers": {"Host": "x", "A b": "c", "X-Ok": "a\r\nb"},
            "body": "\0",
            "expected_status": ["0xx", "200", "20"],
            "follow_redirects": "yes",
            "extra": 1,
        },
    )
    assert found.keys() == {
        "payload.url",
        "payload.method",
        "payload.headers",
        "payload.headers.Host",
        "payload.headers.X-Ok",
        "payload.body",
        "payload.expected_status[0]",
        "payload.expected_status[2]",
        "payload.follow_redirects",
        "payload.extra",
    }


def test_every_wrong_element_is_listed_at_once() -> None:
    assert errors("script", {"script": "x", "args": [1, "a", None]}).keys() == {
        "payload.args[0]",
        "payload.args[2]",
    }
    (message,) = errors("http_request", {"url": URL, "headers": {"A": 1, "B": "x", "C": None}})["payload.headers"]
    assert "'A', 'C'" in message
    (message,) = errors("http_request", {"url": URL, "expected_status": [204]})["payload.expected_status[0]"]
    assert '"204"' in message


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "http://",
        "http:///path",
        "http://user@example.com/",
        "http://user:password@example.com/",
        "http://:@example.com/",
        "http://example.com:0/",
        "http://example.com:65536/",
        "http://example.com:port/",
        "http://[::1",
        "http://exa mple.com/",
        "http://example.com/\r\nX: y",
        "http://example.com\\@other/",
        "http://example.com/\0",
        "http://a..b/",
        "http://%31%32%37.0.0.1/",
        "http://a,b/",
        "http://" + "a" * 64 + ".com/",
        "http://" + "a." * 130 + "com/",
        "http://example.com/" + "a" * 8192,
        "http://example.com/\ud800",
    ],
)
def test_urls_that_are_refused(url: str) -> None:
    assert errors("http_request", {"url": url}).keys() == {"payload.url"}


@pytest.mark.parametrize(
    "url", ["http://localhost", "HTTPS://EXAMPLE.com.:8443/ä?q=ö", "http://bücher.example/", "http://[::1]/x"]
)
def test_urls_that_are_taken(url: str) -> None:
    """The worker decides at connect if the network is allowed."""
    assert decode("http_request", {"url": url}) == HttpRequest(url=url)


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "transfer-encoding",
        "CONTENT-LENGTH",
        "Connection",
        "Idempotency-Key",
        "Traceparent",
        "X-Foliot-Attempt",
        "x-foliot-anything",
        "Upgrade",
        "TE",
        "",
        "A b",
        "A:b",
        "Ä",
        "A\r\nB",
    ],
)
def test_header_names_that_are_refused(name: str) -> None:
    assert errors("http_request", {"url": URL, "headers": {name: "x"}})


@pytest.mark.parametrize("value", ["a\rb", "a\nb", "a\0b", "\x7f", "\ud800", "x" * 8_001])
def test_header_values_that_are_refused(value: str) -> None:
    assert errors("http_request", {"url": URL, "headers": {"X-A": value}}).keys() == {"payload.headers.X-A"}


def test_a_header_given_twice_by_case_is_refused() -> None:
    headers = {"Accept": "a", "ACCEPT": "b"}
    assert errors("http_request", {"url": URL, "headers": headers}).keys() == {"payload.headers.ACCEPT"}


@pytest.mark.parametrize(
    "name", ["PATH", "HOME", "TRACEPARENT", "FOLIOT_JOB_ID", "FOLIOT_X", "1A", "A-B", "A=B", "", "Ä"]
)
def test_env_names_that_are_refused(name: str) -> None:
    assert errors("script", {"script": "x", "env": {name: "x"}})


@pytest.mark.parametrize(
    ("job_type", "payload"),
    [
        ("script", {"script": ""}),
        ("script", {"script": " \n"}),
        ("script", {"script": "echo \0"}),
        ("script", {"script": "\ud800"}),
        ("script", {"script": "ü" * 131_073}),
        ("script", {"script": "x", "interpreter": "sh"}),
        ("script", {"script": "x", "interpreter": ""}),
        ("script", {"script": "x", "interpreter": "/bin/\0"}),
        ("script", {"script": "x", "args": ["\0"]}),
        ("script", {"script": "x", "args": ["x"] * 257}),
        ("script", {"script": "x", "args": ["x" * 32_768] * 5}),
        ("script", {"script": "x", "env": {"A": "\0"}}),
        ("script", {"script": "x", "env": {f"A{n}": "" for n in range(257)}}),
        ("sql_query", {"datasource": "a b", "query": "SELECT 1"}),
        ("sql_query", {"datasource": "../demo", "query": "SELECT 1"}),
        ("sql_query", {"datasource": "demo", "query": ""}),
        ("sql_query", {"datasource": "demo", "query": "SELECT '\0'"}),
        ("sql_query", {"datasource": "demo", "query": "SELECT 1" + " " * 131_072}),
        ("sql_query", {"datasource": "demo", "query": "SELECT 1", "params": [None] * 1001}),
        ("sql_query", {"datasource": "demo", "query": "SELECT 1", "params": {"a": 1}}),
        ("sql_query", {"datasource": "demo", "query": "SELECT 1", "params": ["\0"]}),
        ("http_request", {"url": URL, "body": {"\0": 1}}),
        ("http_request", {"url": URL, "body": ["\ud800"]}),
        ("http_request", {"url": URL, "body": float("inf")}),
        ("http_request", {"url": URL, "headers": {f"A{n}": "" for n in range(65)}}),
        ("http_request", {"url": URL, "expected_status": []}),
        ("http_request", {"url": URL, "expected_status": ["2xx"] * 33}),
    ],
)
def test_what_else_is_refused(job_type: str, payload: dict[str, Any]) -> None:
    assert errors(job_type, payload)


@pytest.mark.parametrize("levels", [70, 10_000])
def test_depth_is_bounded(levels: int) -> None:
    body: Any = 1
    for _ in range(levels):
        body = [body]
    assert errors("http_request", {"url": URL, "body": body}) == {"payload.body": ["is nested deeper than 64 levels"]}


texts = st.text("aé/:.\0\ud800", max_size=6)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)
payloads = st.fixed_dictionaries(
    {},
    optional={
        name: json_values
        for struct in (HttpRequest, Script, SqlQuery)
        for name in (*struct.__struct_fields__, "unknown")
    },
)


@given(st.sampled_from(["http_request", "script", "sql_query"]), payloads)
def test_anything_is_decoded_or_refused(job_type: str, payload: dict[str, Any]) -> None:
    try:
        decoded = decode(job_type, payload)
    except PayloadError as error:
        found = error.errors
    else:
        found = [("payload", json.dumps(msgspec.to_builtins(decoded), allow_nan=False))]
    assert all(field.encode().startswith(b"payload") and message.encode() for field, message in found)
