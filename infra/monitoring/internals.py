"""Scheduler internals: who leads, how late, where the time goes."""

from __future__ import annotations

from typing import Any

from monitoring.panels import GREEN, RED, Panel, dashboard, heat, lines, mean, p, stat

BRIDGED = "max by ({by}) (last_over_time({name}[1m]))"
HOT_PATH = "|".join(
    (
        "select_pending_jobs", "hold_and_lock_due_jobs", "plan_plain_ticks", "lock_due_jobs", "insert_planned",
        "take_backlog", "claim_executions", "record_executions",
    )
)  # fmt: skip
"""The statements that a run passes through, from the tick to its end."""


def internals() -> dict[str, Any]:
    return dashboard(
        "foliot-internals",
        "Scheduler internals",
        "Leadership, lag, the hot path, connection pools, event loops, and what Foliot stands on.",
        [*_leadership(), *_lag(), *_backlog(), *_hot_path(), *_processes(), *_servers()],
    )


def _cluster(name: str, by: str) -> str:
    """What the leader alone knows."""
    return BRIDGED.format(name=name, by=by)


def _leadership() -> list[Panel]:
    return [
        lines(
            "Leader", "short", ("scheduler_is_leader", "{{instance}}"), description="1: performs the duties.", width=8
        ),
        lines("Confirmed by ZooKeeper", "short", ("scheduler_leader_confirmed", "{{instance}}"), width=8),
        lines("In the election", "short", ("scheduler_candidate", "{{instance}}"), width=8),
        lines(
            "Since somebody planned",
            "s",
            ("scheduler_unplanned_seconds", "{{instance}}"),
            description="As each scheduler knows it.",
            width=12,
        ),
        lines(
            "Jumps of PostgreSQL's clock",
            "s",
            ("increase(scheduler_clock_jump_seconds_total[5m])", "{{instance}} {{direction}}"),
            width=12,
        ),
        stat("Term", "max(scheduler_term)", "short"),
        stat("Terms taken", "sum(increase(scheduler_failovers_total[$__range]))", "short"),
        stat(
            "Fenced terms",
            "sum(increase(scheduler_fenced_terms_total[$__range]))",
            "short",
            steps=((None, GREEN), (1, RED)),
        ),
        stat(
            "Taking the lead",
            "sum(scheduler_lock_acquisition_duration_seconds_sum)"
            " / sum(scheduler_lock_acquisition_duration_seconds_count)",
            "s",
            description="Mean time.",
        ),
        stat(
            "Taking the lead, p95",
            "histogram_quantile(0.95, sum by (le) (scheduler_lock_acquisition_duration_seconds_bucket))",
            "s",
        ),
        stat("Most overdue job", _cluster("scheduler_oldest_due_seconds", "job"), "s"),
    ]


def _lag() -> list[Panel]:
    return [
        heat("Scheduler lag", "sum by (le) (rate(scheduler_lag_seconds_bucket[$__rate_interval]))", width=16),
        lines(
            "Scheduler lag",
            "s",
            ("foliot:lag_seconds:p95", "p95"),
            (p(0.99, "scheduler_lag_seconds"), "p99"),
            (mean("scheduler_lag_seconds"), "mean"),
            width=8,
        ),
        lines("Planned", "short", ("sum(rate(scheduler_runs_planned_total[$__rate_interval]))", "runs/s"), width=8),
        lines(
            "Outbox",
            "short",
            (_cluster("scheduler_outbox", "job"), "not handed out"),
            ("sum(scheduler_unconfirmed_messages)", "messages unconfirmed"),
            width=8,
        ),
        lines(
            "Sent again",
            "short",
            ("sum(increase(scheduler_dispatches_resent_total[$__rate_interval]))", "unconfirmed messages"),
            ("sum(increase(scheduler_messages_lost_total[$__rate_interval]))", "lost executions"),
            width=8,
        ),
    ]


def _backlog() -> list[Panel]:
    return [
        lines("Waiting, by pool", "short", (_cluster("queue_depth_by_pool", "pool"), "{{pool}}"), width=8),
        lines(
            "Oldest, by pool and class",
            "s",
            (_cluster("queue_oldest_age_by_class_seconds", "pool, class"), "{{pool}} {{class}}"),
            width=8,
        ),
        lines("Messages in RabbitMQ", "short", (_cluster("queue_messages", "queue"), "{{queue}}"), width=8),
    ]


def _hot_path() -> list[Panel]:
    query = "db_query_duration_seconds"
    return [
        lines("Hot path, p95", "s", (p(0.95, query, "query", f'{{query=~"{HOT_PATH}"}}'), "{{query}}")),
        lines(
            "Time in PostgreSQL",
            "percentunit",
            (f"topk(10, sum by (query) (rate({query}_sum[$__rate_interval])))", "{{query}}"),
            description="Seconds a second, of all processes together.",
        ),
        lines("Statements", "ops", (f"topk(10, sum by (query) (rate({query}_count[$__rate_interval])))", "{{query}}")),
        lines(
            "PostgreSQL away, busy or full",
            "ops",
            ("sum by (job, reason) (rate(db_unavailable_total[$__rate_interval]))", "{{job}} {{reason}}"),
            description="Units of work that failed and are tried again.",
        ),
        lines("Duties, p95 of a step", "s", (p(0.95, "duty_step_seconds", "duty"), "{{duty}}")),
        lines(
            "Time in duties",
            "percentunit",
            ("sum by (duty) (rate(duty_step_seconds_sum[$__rate_interval]))", "{{duty}}"),
        ),
        lines(
            "Failed steps",
            "ops",
            ("sum by (job, duty) (rate(duty_failures_total[$__rate_interval]))", "{{job}} {{duty}}"),
        ),
    ]


def _processes() -> list[Panel]:
    return [
        lines("Connections in use", "short", ("db_connection_pool_active", "{{instance}} {{pool}}")),
        lines("Connections idle", "short", ("db_connection_pool_idle", "{{instance}} {{pool}}")),
        lines("Event loop lag, p99", "s", (p(0.99, "event_loop_lag_seconds", "job, instance"), "{{job}} {{instance}}")),
        lines(
            "CPU",
            "percentunit",
            ('rate(process_cpu_seconds_total{job=~"api|scheduler|worker"}[$__rate_interval])', "{{job}} {{instance}}"),
        ),
        lines(
            "Memory", "bytes", ('process_resident_memory_bytes{job=~"api|scheduler|worker"}', "{{job}} {{instance}}")
        ),
        lines("Age of heartbeats", "s", ("time() - worker_heartbeat_timestamp", "{{instance}}")),
        lines(
            "Workers",
            "short",
            ("foliot:workers_up", "scraped"),
            ("foliot:workers_alive", "with a heartbeat"),
            ("foliot:workers_expected", "expected"),
            width=8,
        ),
        lines("Attempts running", "short", ("worker_running", "{{instance}}"), width=8),
        lines("Deliveries held", "short", ("worker_held", "{{instance}}"), width=8),
        lines("Links to RabbitMQ", "short", ("min by (job, link) (rabbitmq_connected)", "{{link}}"), width=8),
        lines("API, p95", "s", (p(0.95, "http_request_duration_seconds", "route"), "{{route}}"), width=8),
        lines("API, in flight", "short", ("http_requests_in_flight", "{{instance}}"), width=8),
    ]


def _servers() -> list[Panel]:
    return [
        lines("Rows", "short", (_cluster("db_table_rows", "table"), "{{table}}"), width=8),
        lines("Replica lag", "s", (_cluster("pg_replica_lag_seconds", "replica"), "{{replica}}"), width=8),
        lines("Replica lag", "bytes", (_cluster("pg_replica_lag_bytes", "replica"), "{{replica}}"), width=8),
        lines(
            "Removed by retention",
            "short",
            ("sum by (table) (increase(scheduler_expired_rows_total[$__rate_interval]))", "{{table}}, rows"),
            ("sum by (table) (increase(scheduler_expired_months_total[$__rate_interval]))", "{{table}}, months"),
            width=8,
        ),
        stat("Replicas", _cluster("pg_replicas_streaming", "job"), "short"),
        stat("Months left", _cluster("db_partition_runway_seconds", "table"), "s", legend="{{table}}", width=4),
        stat(
            "Build",
            "count by (version, tzdata) (foliot_build_info)",
            "short",
            legend="{{version}}, tzdata {{tzdata}}",
            width=8,
        ),
    ]
