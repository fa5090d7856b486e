"""Job Execution Details: what became of the jobs, how long they took, what was tried again and given up."""

from __future__ import annotations

from typing import Any

from monitoring.panels import DATASOURCE, Panel, dashboard, heat, lines, p, stat

TYPE = '{job_type=~"$job_type"}'
JOB_TYPE = {
    "name": "job_type",
    "type": "query",
    "datasource": DATASOURCE,
    "query": {"query": "label_values(worker_jobs_executed_total, job_type)", "refId": "job_type"},
    "includeAll": True,
    "multi": True,
    "allValue": ".*",
    "current": {"text": "All", "value": "$__all"},
    "refresh": 2,
}


def details() -> dict[str, Any]:
    return dashboard(
        "foliot-executions",
        "Job Execution Details",
        "Success and failure, durations by job type, retries, dead letters, skipped ticks.",
        [*_outcomes(), *_durations(), *_again()],
        [JOB_TYPE],
    )


def _outcomes() -> list[Panel]:
    return [
        lines("Job success vs failure", "short", ("foliot:jobs_processed:rate", "{{status}}, runs/s")),
        lines("Failure ratio", "percentunit", ("foliot:failure_ratio", "of the runs that ended")),
        lines(
            "Attempts by outcome",
            "short",
            (f"sum by (status) (rate(worker_jobs_executed_total{TYPE}[$__rate_interval]))", "{{status}}, attempts/s"),
        ),
        lines(
            "Attempts by job type",
            "short",
            (
                f"sum by (job_type) (rate(worker_jobs_executed_total{TYPE}[$__rate_interval]))",
                "{{job_type}}, attempts/s",
            ),
        ),
    ]


def _durations() -> list[Panel]:
    name = "worker_job_duration_seconds"
    return [
        lines("Average execution time per job type", "s", (f"foliot:job_duration_seconds:mean{TYPE}", "{{job_type}}")),
        lines(
            "Execution time",
            "s",
            (p(0.5, name, "job_type", TYPE), "{{job_type}} median"),
            (p(0.95, name, "job_type", TYPE), "{{job_type}} p95"),
        ),
        heat("Execution times", f"sum by (le) (rate({name}_bucket{TYPE}[$__rate_interval]))", width=24),
    ]


def _again() -> list[Panel]:
    return [
        lines(
            "Retry counts", "short", ("sum by (reason) (increase(job_retries_total[$__rate_interval]))", "{{reason}}")
        ),
        lines("Given up", "short", ("sum by (reason) (increase(dead_letters_total[$__rate_interval]))", "{{reason}}")),
        stat("DLQ size", 'foliot:queue_depth{queue="dead_letter_queue"}', "short", legend="open", height=8),
        lines("DLQ size over time", "short", ('foliot:queue_depth{queue="dead_letter_queue"}', "open"), width=8),
        lines(
            "Skipped ticks",
            "short",
            ("sum by (reason) (increase(scheduler_ticks_skipped_total[$__rate_interval]))", "{{reason}}"),
        ),
        lines(
            "Set aside",
            "short",
            ("sum(increase(scheduler_poison_total[$__rate_interval]))", "jobs that cannot be planned"),
            ("sum(increase(worker_poison_total[$__rate_interval]))", "attempts"),
            ("sum(increase(worker_unreadable_messages_total[$__rate_interval]))", "messages"),
        ),
        lines(
            "Taken away and given back",
            "short",
            ("sum(increase(scheduler_leases_rescued_total[$__rate_interval]))", "leases rescued"),
            ("sum(increase(worker_fenced_writes_total[$__rate_interval]))", "fenced writes"),
            ("sum(increase(worker_handed_back_total[$__rate_interval]))", "handed back"),
        ),
    ]
