"""Metrics of the API."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("http_requests_total", "Requests by route.", ["method", "route", "status"])
DURATION = Histogram(
    "http_request_duration_seconds", "Time from a request's head to its answer.", ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)  # fmt: skip
requests = cache(REQUESTS.labels)
"""The counter of (method, route, status); label values are looked up once."""
duration = cache(DURATION.labels)
IN_FLIGHT = Gauge("http_requests_in_flight", "Requests that are being answered.")


def initialise(routes: Iterable[tuple[str, str]]) -> None:
    """(method, route) of each: the first error of a route is a rise from 0, not a new series."""
    for method, route in routes:
        duration(method, route)
        for status in (200, 500, 503):
            requests(method, route, status)
