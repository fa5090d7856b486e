"""Job Scheduler - System Overview: is the system healthy?"""

from __future__ import annotations

from typing import Any

from monitoring.panels import GREEN, RED, YELLOW, Panel, Query, dashboard, lines, mean, stat

WORKER_STATES = (("2", "✅ Healthy", GREEN), ("1", "⚠️ Slow", YELLOW), ("0", "❌ Down", RED))


def overview() -> dict[str, Any]:
    return dashboard(
        "foliot-overview",
        "Job Scheduler - System Overview",
        "Jobs per second, success, latency; workers and queues.",
        [*_numbers(), *_curves()],
    )


def _numbers() -> list[Panel]:
    good = ((None, RED), (0.9, YELLOW), (0.99, GREEN))
    return [
        stat("Jobs/sec", "sum(foliot:jobs_processed:rate)", "short", description="Runs that ended, a second."),
        stat("Success Rate", "1 - foliot:failure_ratio", "percentunit", steps=good),
        stat(
            "Avg Latency",
            mean("worker_job_duration_seconds"),
            "s",
            description="Mean time of an attempt, from claim to end.",
        ),
        stat(
            "Leader", "scheduler_is_leader == 1", "short", legend="{{instance}}", description="Which scheduler leads."
        ),
        stat("Workers up", "foliot:workers_up / foliot:workers_expected", "percentunit", steps=good),
        stat(
            "Alerts firing",
            'count(ALERTS{alertstate="firing", severity=~"critical|warning"}) or vector(0)',
            "short",
            steps=((None, GREEN), (1, RED)),
        ),
    ]


def _curves() -> list[Panel]:
    return [
        stat("Executed in 24 h", "sum(increase(scheduler_jobs_processed_total[24h]))", "short", height=8),
        lines(
            "Jobs Executed (Last 24h)",
            "short",
            ("foliot:jobs_processed:rate", "{{status}}, jobs/s"),
            width=20,
            time_from="24h",
        ),
        _worker_health(),
        lines("Queue Depth", "short", ("foliot:queue_depth", "{{queue}}")),
        lines("Oldest message", "s", ("foliot:queue_age_seconds", "{{queue}}")),
        lines(
            "Slots in use",
            "percentunit",
            ("sum(worker_running) / sum(worker_slots)", "all workers"),
            ("max(worker_running / worker_slots)", "busiest worker"),
        ),
        lines(
            "Requests to the API",
            "reqps",
            ("sum by (status) (rate(http_requests_total[$__rate_interval]))", "{{status}}"),
        ),
    ]


def _worker_health() -> Panel:
    """Slow: fewer jobs an hour than half of what the median worker does."""
    return Panel(
        title="Worker Health",
        kind="table",
        unit="short",
        queries=(Query("foliot:worker_health"), Query("foliot:worker_jobs:per_hour")),
        overrides=(
            {
                "matcher": {"id": "byName", "options": "Health"},
                "properties": [
                    {
                        "id": "mappings",
                        "value": [
                            {
                                "type": "value",
                                "options": {v: {"text": text, "color": colour} for v, text, colour in WORKER_STATES},
                            }
                        ],
                    }
                ],
            },
        ),
        transformations=(
            {"id": "joinByField", "options": {"byField": "worker_id", "mode": "outer"}},
            {
                "id": "organize",
                "options": {
                    "includeByName": {"worker_id": True, "Value #A": True, "Value #B": True},
                    "renameByName": {"worker_id": "Worker", "Value #A": "Health", "Value #B": "Jobs/hour"},
                },
            },
        ),
    )
