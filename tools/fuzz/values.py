"""Values from which requests are made: right ones, ends of every range, and what no field can be."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

TIMES = (
    "2026-01-01T00:00:00Z", "2030-06-01T12:00:00+02:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00", "1970-01-01T00:00:00Z", "9998-12-31T23:59:59Z", "2026-01-01", "2026-01-01T00:00:00",
    "infinity",
)  # fmt: skip
WHOLE = (
    "0", "1", "2", "9", "50", "2147483647", "2147483648", "9223372036854775807", "9223372036854775808", "-1", "1.5",
    "1" * 4_301, "\u0661", "1e9", " 1",
)  # fmt: skip
HOSTILE_TEXTS = (
    "", "a", "\0", "a\0b", "%", "'; --", "../..", "x" * 3_000, "=", "\u2028", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "a b",
)  # fmt: skip
HOSTILE_CURSORS = tuple(
    base64.urlsafe_b64encode(raw).decode().rstrip("=")
    for raw in (
        *(orjson.dumps(list(values)) for values in (
            ("2026-01-01", 1), ("2026-01-01T00:00:00+00:00", 2**31), ("2026-01-01T00:00:00+00:00", 2**63 - 1),
            ("\0", 1), ("9999-12-31T23:59:59-23:59", 1), ("0001-01-01T00:00:00+23:59", 1), ("", 0), (2**63,), (True,),
            (1,), (), ("2030-01-01T00:00:00+00:00", 1),
        )),
        b"[" * 2_000, b"null", b"\xff", b"[" + b"1" * 4_301 + b"]",
    )
)  # fmt: skip
FIELDS: Mapping[str, Sequence[Any]] = {
    "job_key": ("k1", "k2", "k3", None), "job_name": ("a", "x" * 255, "x" * 256, "a\nb"),
    "job_type": ("script", "http_request", "sql_query", "noop"), "description": ("x", None),
    "schedule": (
        "immediate", "manual", "@every 1s", "@every 366d", "@hourly", "* * * * *", "*/5 * * * * *", "0 0 29 2 *",
        "H H * * *", "0 0 31 2 *", "2035-01-01T00:00:00Z", "9998-12-31T23:59:59Z", "2035-01-01T00:00:00", "0 9 * * 5#2",
    ),
    "timezone": ("UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Mars/Olympus"),
    "payload": (
        {"script": "true"}, {"script": "\r\n", "args": ["a"], "env": {"A": "b"}}, {"url": "http://a/", "body": {"a": [1, 2.5]}},
        {"datasource": "demo", "query": "SELECT 1", "params": [1, None]}, {}, {"script": "x", "args": [1]},
    ),
    "retry_policy": ({"max_retries": 0}, {"max_retries": 100, "backoff_factor": 3600}, {"max_age": 1e-9}, {"jitter": 1}, {}),
    "priority": (0, 9, 10), "timeout_seconds": (1, 604_800, 0), "jitter_seconds": (0, 86_400),
    "overlap_policy": ("skip", "queue_one", "allow", "cancel_running"), "misfire_policy": ("skip", "run_once", "run_all"),
    "misfire_grace_seconds": (0, 31_622_400), "misfire_limit": (1, 1_000), "dst_gap": ("shift", "skip"),
    "dst_overlap": ("first", "both"), "start_at": TIMES, "end_at": TIMES, "max_runs": (1, 2**53 - 1), "pool": ("default", "gpu"),
    "shadow": (False, True), "reason": ("moved", ""), "until": TIMES,
    "labels": ({}, {"a": "b"}, {"a": None}, {"": ""}), "count": (1, 100), "after": TIMES,
    "execution_ids": ([1], [1, 2], [], [2**63 - 1]), "filter": ({}, {"job_id": 1}, {"fingerprint": "x"}),
    "dry_run": (True, False), "rate": (0.001, 100_000, 1e-300), "name": ("k", "a\nb"), "role": ("viewer", "operator", "admin"),
    "user_id": (1, 2, 2**63 - 1), "team_id": (1, None), "expires_at": TIMES,
}  # fmt: skip
RIGHT = frozenset(
    {"description", "schedule", "timezone", "retry_policy", "priority", "timeout_seconds", "overlap_policy", "labels"}
    | {"misfire_policy", "dst_gap", "dst_overlap", "max_runs", "pool", "jitter_seconds", "misfire_grace_seconds"}
)
"""Fields whose first value above any job can have."""
HEADERS = (
    'If-Match: "1"', 'If-Match: W/"1", "2"', "If-Match: *", "Idempotency-Key: a", "Idempotency-Key: b",
    "Idempotency-Key: \udcff", "X-Request-Id: \udcff", "X-Request-Id: mine", "Content-Encoding: gzip",
    "Content-Encoding: br", "Content-Encoding: x", "Expect: 100-continue", "Expect: foo", "Connection: close",
    "Cache-Control: no-cache", "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "Cookie: \udcff",
    "Accept: text/html", "User-Agent: \udcff", "Upgrade: websocket", "Connection: Upgrade", "X-Long: " + "x" * 9_000,
    "Transfer-Encoding: chunked",
)  # fmt: skip
BODIES = (
    b"", b"{", b"null", b"[]", b"\xff", b"[" * 2_000, b'{"a":' * 300 + b"1" + b"}" * 300, b'{"a": 1e400}', b'{"a": NaN}',
    b'{"a": ' + b"[" * 300 + b'"\\u0000"' + b"]" * 300 + b"}", b'{"priority": 12345678901234567890123}', b'{"\\u0000": 1}',
    b'{"payload": {"script": "a\\u0000b"}}', b'{"evil": null}', b'{"schedule": null}', b'{"a": "\\ud800"}', b" " * 2_000_000,
)  # fmt: skip
