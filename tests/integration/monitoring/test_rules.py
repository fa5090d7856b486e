"""Every alert fires when it should and only then: `promtool test rules` over a healthy cluster and what befalls it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from monitoring import alerting

Series = dict[str, str]
GONE = "_x200"
HEALTHY: Series = {
    'up{job="api",instance="a1"}': "1x200",
    'up{job="scheduler",instance="s1"}': "1x200",
    'up{job="scheduler",instance="s2"}': "1x200",
    **{f'up{{job="worker",instance="w{n}"}}': "1x200" for n in range(4)},
    'scheduler_is_leader{job="scheduler",instance="s1"}': "1x200",
    'scheduler_is_leader{job="scheduler",instance="s2"}': "0x200",
    'scheduler_leader_confirmed{job="scheduler",instance="s1"}': "1x200",
    'scheduler_leader_confirmed{job="scheduler",instance="s2"}': "0x200",
    'scheduler_candidate{job="scheduler",instance="s1"}': "1x200",
    'scheduler_candidate{job="scheduler",instance="s2"}': "1x200",
    'scheduler_unplanned_seconds{job="scheduler",instance="s1"}': "0.1x200",
    'scheduler_unplanned_seconds{job="scheduler",instance="s2"}': "3x200",
    'scheduler_clock_jump_seconds_total{job="scheduler",instance="s1",direction="forward"}': "0x200",
    'scheduler_clock_jump_seconds_total{job="scheduler",instance="s1",direction="back"}': "0x200",
    'scheduler_clock_jump_seconds_total{job="scheduler",instance="s2",direction="back"}': "0x200",
    'scheduler_failovers_total{job="scheduler",instance="s1"}': "1x200",
    'scheduler_fenced_terms_total{job="scheduler",instance="s1"}': "0x200",
    'scheduler_jobs_processed_total{job="worker",instance="w1",status="success"}': "0+9000x200",
    'scheduler_jobs_processed_total{job="worker",instance="w1",status="failed"}': "0+90x200",
    'scheduler_jobs_processed_total{job="scheduler",instance="s1",status="failed"}': "0x200",
    'scheduler_lag_seconds_bucket{job="scheduler",instance="s1",le="0.1"}': "0+9000x200",
    'scheduler_lag_seconds_bucket{job="scheduler",instance="s1",le="10"}': "0+9000x200",
    'scheduler_lag_seconds_bucket{job="scheduler",instance="s1",le="+Inf"}': "0+9000x200",
    'scheduler_oldest_due_seconds{job="scheduler",instance="s1"}': "0x200",
    'scheduler_leases_rescued_total{job="scheduler",instance="s1"}': "0x200",
    'scheduler_messages_lost_total{job="scheduler",instance="s1"}': "0x200",
    'scheduler_poison_total{job="scheduler",instance="s1"}': "0x200",
    'worker_poison_total{job="worker",instance="w1"}': "0x200",
    'worker_unreadable_messages_total{job="worker",instance="w1"}': "0x200",
    'worker_fenced_writes_total{job="worker",instance="w1"}': "0x200",
    'worker_running{job="worker",instance="w1"}': "50x200",
    'worker_slots{job="worker",instance="w1"}': "100x200",
    'queue_depth{job="scheduler",instance="s1",queue="pending_jobs"}': "10000x200",
    'queue_depth{job="scheduler",instance="s1",queue="dead_letter_queue"}': "90000x200",
    'queue_oldest_message_age_seconds{job="scheduler",instance="s1",queue="pending_jobs"}': "1x200",
    'queue_oldest_age_by_class_seconds{job="scheduler",instance="s1",pool="gpu",class="high"}': "1x200",
    'dead_letters_total{job="worker",instance="w1",reason="failed"}': "0x200",
    'workers_alive{job="scheduler",instance="s1"}': "4x200",
    'rabbitmq_connected{job="scheduler",instance="s1",link="s1"}': "1x200",
    'rabbitmq_connected{job="worker",instance="w1",link="w1"}': "1x200",
    'pg_replicas_streaming{job="scheduler",instance="s1"}': "1x200",
    'pg_replica_lag_seconds{job="scheduler",instance="s1",replica="replica"}': "0x200",
    'db_partition_runway_seconds{job="scheduler",instance="s1",table="executions"}': "5000000x200",
    'db_unavailable_total{job="worker",instance="w1",reason="disk_full"}': "0x200",
    'db_unavailable_total{job="worker",instance="w1",reason="away"}': "0+60x200",
    'duty_failures_total{job="scheduler",instance="s1",duty="plan"}': "0x200",
    'event_loop_lag_seconds_bucket{job="worker",instance="w1",le="0.1"}': "0+60x200",
    'event_loop_lag_seconds_bucket{job="worker",instance="w1",le="5"}': "0+60x200",
    'event_loop_lag_seconds_bucket{job="worker",instance="w1",le="+Inf"}': "0+60x200",
    'http_requests_total{job="api",instance="a1",status="201"}': "0+600x200",
    'http_requests_total{job="api",instance="a1",status="500"}': "0x200",
    'prometheus_rule_evaluation_failures_total{rule_group="foliot"}': "0x200",
    'alertmanager_notifications_failed_total{integration="slack"}': "0x200",
}


def every(prefix: str, values: str) -> Series:
    """All healthy series that begin so, with other values."""
    return {series: values for series in HEALTHY if series.startswith(prefix)}


def at(series: str, values: str) -> Series:
    assert series in HEALTHY, series
    return {series: values}


def instance(name: str) -> Series:
    """A process that is gone: nothing of it but the scrape that fails."""
    gone = {one: until_30m(values) for one, values in HEALTHY.items() if f'"{name}"' in one}
    (up,) = (series for series in gone if series.startswith("up{"))
    return gone | {up: "1x29 0x171"}


def until_30m(values: str) -> str:
    """Then it leaves: Prometheus marks its series as stale."""
    return values.replace("x200", "x29 stale _x170")


S1, S2 = instance("s1"), instance("s2")
WORKERS_GONE = dict.fromkeys(every('up{job="worker"', ""), "1x29 0x171")
FAULTS: dict[str, tuple[Series, str, set[str]]] = {
    # name: (what differs from 30 minutes on, when to look, what fires then)
    "healthy": ({}, "40m", set()),
    "idle": (every("scheduler_jobs_processed_total", "5x200") | every("scheduler_lag", "5x200"), "40m", set()),
    "nothing failed yet": (every('scheduler_jobs_processed_total{job="worker",instance="w1",status="failed"', GONE), "40m", set()),
    "a flood": (at('queue_depth{job="scheduler",instance="s1",queue="pending_jobs"}', "0x29 10001x171"), "36m", {"QueueDepthHigh"}),
    "a flood of four minutes": (at('queue_depth{job="scheduler",instance="s1",queue="pending_jobs"}', "0x29 10001x4 0x171"), "36m", set()),
    "old work": (every("queue_oldest", "0x29 301+60x171"), "36m", {"WorkWaitsLong"}),
    "a tenth fails": (every('scheduler_jobs_processed_total{job="worker",instance="w1",status="failed"', "0+900x200"), "40m", set()),
    "more than a tenth fails": (every('scheduler_jobs_processed_total{job="worker",instance="w1",status="failed"', "0+1200x200"), "40m", {"HighJobFailureRate"}),
    "everything fails, ended by the scheduler": (
        every("scheduler_jobs_processed_total", "5x200") | at('scheduler_jobs_processed_total{job="scheduler",instance="s1",status="failed"}', "0+10x200"),
        "40m", {"HighJobFailureRate"},
    ),
    "a worker restarts and counts from 0": (
        every("scheduler_jobs_processed_total{job=\"worker\",instance=\"w1\",status=\"success\"", "0+9000x40 0+9000x100")
        | every("scheduler_jobs_processed_total{job=\"worker\",instance=\"w1\",status=\"failed\"", "0+90x40 0+90x100"),
        "45m", set(),
    ),
    "runs are given up": (every("dead_letters_total", "0x29 0+1x171"), "45m", {"DeadLettersGrow"}),
    "slow dispatch": (every("scheduler_lag_seconds_bucket{job=\"scheduler\",instance=\"s1\",le=\"0.1\"", "0x200"), "40m", {"SchedulingLagHigh"}),
    "planner stuck": (every("scheduler_oldest_due", "0x29 0+60x171"), "33m", {"OldestDueLate"}),
    "the leader dies": (S1 | at('scheduler_is_leader{job="scheduler",instance="s2"}', "0x29 1x171") | at('scheduler_leader_confirmed{job="scheduler",instance="s2"}', "0x29 1x171")
        | {'workers_alive{job="scheduler",instance="s2"}': "_x29 4x171", 'pg_replicas_streaming{job="scheduler",instance="s2"}': "_x29 1x171"}, "35m", {"SchedulerInstanceDown"}),
    "all schedulers die": (S1 | S2, "35m", {"SchedulerDown", "SchedulerInstanceDown"}),
    "all schedulers leave the discovery": (
        {series: until_30m(HEALTHY[series]) for series in [*S1, *S2]}, "35m", {"SchedulerDown"},
    ),
    "no leader": (at('scheduler_is_leader{job="scheduler",instance="s1"}', "1x29 0x171"), "32m", {"NoLeader"}),
    "nobody plans": (every("scheduler_unplanned", "3x29 19+60x171"), "31m", {"NothingPlanned"}),
    "one scheduler does not know that another plans": (at('scheduler_unplanned_seconds{job="scheduler",instance="s2"}', "3x29 19+60x171"), "31m", set()),
    "the clock jumps forward": (at('scheduler_clock_jump_seconds_total{job="scheduler",instance="s1",direction="forward"}', "0x29 28800x171"), "31m", {"ClockJumped"}),
    "the clock goes back": (every('scheduler_clock_jump_seconds_total{job="scheduler",instance="s1",direction="back"', "0x29 28800x171") | every('scheduler_clock_jump_seconds_total{job="scheduler",instance="s2"', "0x29 28800x171"), "31m", {"ClockJumped"}),
    "two leaders": (
        at('scheduler_is_leader{job="scheduler",instance="s2"}', "0x29 1x171") | at('scheduler_leader_confirmed{job="scheduler",instance="s2"}', "0x29 1x171"),
        "32m", {"TwoLeaders"},
    ),
    "ZooKeeper away from the leader": (every("scheduler_leader_confirmed", "1x29 0x171"), "33m", {"FailoverOff"}),
    "ZooKeeper away from the standby": (at('scheduler_candidate{job="scheduler",instance="s2"}', "1x29 0x171"), "33m", {"FailoverOff"}),
    "an unquiet lead": (every("scheduler_failovers_total", "1x29 1+1x171"), "40m", {"FailoversFrequent"}),
    "one worker of four dies": (instance("w3"), "35m30s", set()),
    "two workers of four die": (
        instance("w3") | instance("w2") | at('workers_alive{job="scheduler",instance="s1"}', "4x29 2x171"), "45m", {"WorkerDown", "WorkersBelowExpected"},
    ),
    "all workers die": (WORKERS_GONE | at('workers_alive{job="scheduler",instance="s1"}', "4x29 0x171"), "45m", {"WorkerDown", "WorkersBelowExpected"}),
    "all workers leave the discovery": (
        {series: until_30m("1x200") for series in WORKERS_GONE} | at('workers_alive{job="scheduler",instance="s1"}', "4x29 0x171"),
        "45m", {"WorkerDown", "WorkersBelowExpected"},
    ),
    "never a worker": (every('up{job="worker"', GONE) | every("workers_alive", "0x200"), "45m", {"WorkerDown"}),
    "a worker without PostgreSQL": (at('workers_alive{job="scheduler",instance="s1"}', "4x29 3x171"), "45m", {"WorkersBelowExpected"}),
    "all slots busy": (every("worker_running", "100x200"), "45m", {"WorkersSaturated"}),
    "leases rescued": (every("scheduler_leases_rescued", "0x29 0+5x171"), "45m", {"LeasesRescued"}),
    "a fenced write": (every("worker_fenced_writes", "0x29 1x171"), "31m", {"FencedWrites"}),
    "a fenced term": (every("scheduler_fenced_terms", "0x29 1x171"), "31m", {"FencedWrites"}),
    "RabbitMQ away": (every("rabbitmq_connected", "1x29 0x171"), "32m", {"RabbitMQAway"}),
    "lost messages": (every("scheduler_messages_lost", "0x29 1x171"), "31m", {"MessagesLost"}),
    "a poisonous row": (every("worker_poison", "0x29 1x171"), "31m", {"PoisonFound"}),
    "replica late": (every("pg_replica_lag_seconds", "0x29 31x171"), "33m", {"ReplicaLagHigh"}),
    "replica gone": (every("pg_replica_lag_seconds", "0x29 stale _x170") | every("pg_replicas", "1x29 0x171"), "35m", {"ReplicaMissing"}),
    "months end": (every("db_partition_runway", "1209599x200"), "45m", {"PartitionRunwayShort"}),
    "the disk of PostgreSQL is full": (
        at('db_unavailable_total{job="worker",instance="w1",reason="disk_full"}', "0x29 0+3x171"), "31m", {"DatabaseDiskFull"},
    ),
    "a duty fails": (every("duty_failures_total", "0x29 0+30x171"), "45m", {"DutyFails"}),
    "event loop blocked": (every("event_loop_lag_seconds_bucket{job=\"worker\",instance=\"w1\",le=\"0.1\"", "0x200"), "45m", {"EventLoopBlocked"}),
    "API dead": (at('up{job="api",instance="a1"}', "1x29 0x171"), "33m", {"ApiDown"}),
    "API gone": (every('up{job="api"', GONE), "33m", {"ApiDown"}),
    "API errs": (every('http_requests_total{job="api",instance="a1",status="500"', "0+60x200"), "45m", {"ApiErrors"}),
    "a rule fails": (every("prometheus_rule", "0x29 1x171"), "31m", {"RuleFailures"}),
    "Slack refuses": (every("alertmanager_notifications", "0x29 1x171"), "31m", {"NotificationsFail"}),
    "everything is gone": (every("", GONE), "20m", {"SchedulerDown", "WorkerDown", "ApiDown"}),
}  # fmt: skip


def alerts_of(text: str) -> set[str]:
    return set(re.findall(r"- alert: (\w+)", text))


def case(name: str, changed: Series, when: str, firing: set[str]) -> dict[str, Any]:
    series = HEALTHY | changed
    return {
        "name": name,
        "interval": "1m",
        "input_series": [{"series": one, "values": values} for one, values in series.items()],
        "promql_expr_test": [
            {
                "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                "eval_time": when,
                "exp_samples": [
                    {"labels": f'{{alertname="{alert}"}}', "value": values}
                    for alert, values in sorted(_counts(firing, name).items())
                ],
            }
        ],
    }


def _counts(firing: set[str], name: str) -> dict[str, int]:
    twice = {"all schedulers die": {"SchedulerInstanceDown"}, "RabbitMQ away": {"RabbitMQAway"}}.get(name, set())
    return {alert: 2 if alert in twice else 1 for alert in {*firing, "Watchdog"}}


def promtool(tmp_path: Path, settings: alerting.Settings, cases: list[dict[str, Any]]) -> str:
    (tmp_path / "rules.yml").write_text(alerting.rules(settings))
    (tmp_path / "test.yml").write_text(
        json.dumps({"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": cases})  # JSON is YAML
    )
    command = ["promtool", "test", "rules", str(tmp_path / "test.yml")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_each_fault_fires_its_alerts_and_no_other(tmp_path: Path) -> None:
    assert promtool(tmp_path, alerting.read_settings(), [case(name, *fault) for name, fault in FAULTS.items()]) == ""


def test_every_alert_has_a_fault() -> None:
    fired = set().union(*(firing for _, _, firing in FAULTS.values()))
    assert alerts_of(alerting.rules(alerting.read_settings())) == fired | {"Watchdog"}


def test_this_test_can_fail(tmp_path: Path) -> None:
    changed, when, _ = FAULTS["a flood"]
    assert "QueueDepthHigh" in promtool(tmp_path, alerting.read_settings(), [case("a flood", changed, when, set())])


@pytest.mark.parametrize(("alive", "fires"), [(499, True), (500, False)])
def test_the_seeds_500_of_800(tmp_path: Path, alive: int, fires: bool) -> None:
    workers = {f'up{{job="worker",instance="w{n}"}}': "1x200" if n < alive else "0x200" for n in range(800)}
    changed = every('up{job="worker"', GONE) | workers | every("workers_alive", "800x200")
    expected = {"WorkerDown"} if fires else set()
    settings = {**alerting.read_settings(), "workers_expected": 800}
    assert promtool(tmp_path, settings, [case("800", changed, "12m", expected)]) == ""


def test_a_worker_with_less_than_half_of_the_medians_jobs_is_slow(tmp_path: Path) -> None:
    """120 and 115 an hour are healthy, 50 is slow; and one that is gone is down."""
    rates = {"worker-1": "0+2x60", "worker-2": "0+1.92x60", "worker-3": "0+0.83x60", "worker-4": "0+2x29 stale _x30"}
    series = {f'worker_jobs_executed_total{{worker_id="{name}"}}': values for name, values in rates.items()}
    expected = {"worker-1": 2, "worker-2": 2, "worker-3": 1, "worker-4": 0}
    samples = [{"labels": f'foliot:worker_health{{worker_id="{n}"}}', "value": v} for n, v in expected.items()]
    one = case("workers", {}, "45m", set())
    one["input_series"] = [{"series": name, "values": values} for name, values in series.items()]
    one["promql_expr_test"] = [{"expr": "foliot:worker_health", "eval_time": "40m", "exp_samples": samples}]
    assert promtool(tmp_path, alerting.read_settings(), [one]) == ""


SUMMARIES = {
    "QueueDepthHigh": ("a flood", "36m", {"queue": "pending_jobs"}, "Queue depth is 10001, workers may be overloaded"),
    "HighJobFailureRate": ("more than a tenth fails", "40m", {}, "Job failure rate is 11.76%"),
    "SchedulerDown": ("all schedulers die", "35m", {"job": "scheduler"}, "Scheduler is down! No jobs being scheduled."),
    "WorkWaitsLong": (
        "old work",
        "36m",
        {"pool": "gpu"},
        "The oldest waiting execution of the pool gpu has waited 11m 1s",
    ),
    "WorkerDown": ("two workers of four die", "45m", {"job": "worker"}, "Only 2 workers are healthy (expected 4)"),
}


@pytest.mark.parametrize("alert", SUMMARIES)
def test_an_alert_says_what_it_is_about(tmp_path: Path, alert: str) -> None:
    fault, when, labels, summary = SUMMARIES[alert]
    severity = "critical" if alert in ("HighJobFailureRate", "SchedulerDown") else "warning"
    annotations = {"summary": summary, "runbook_url": f"docs/runbook.md#{alert.lower()}"}
    if alert == "QueueDepthHigh":
        annotations["description"] = "Pending jobs queue has 10001 jobs waiting"
    one = case(fault, *FAULTS[fault])
    one["alert_rule_test"] = [
        {
            "eval_time": when,
            "alertname": alert,
            "exp_alerts": [{"exp_labels": {**labels, "severity": severity}, "exp_annotations": annotations}],
        }
    ]
    assert promtool(tmp_path, alerting.read_settings(), [one]) == ""


def test_every_alert_names_its_severity_and_a_section_of_the_runbook() -> None:
    runbook = (alerting.ALERTS.parents[1] / "docs" / "runbook.md").read_text()
    sections = {line.removeprefix("## ") for line in runbook.splitlines() if line.startswith("## ")}
    blocks = alerting.rules(alerting.read_settings()).split("- alert: ")[1:]
    for block in blocks:
        name = block.split()[0]
        assert re.search(r"severity: (critical|warning|none)", block), name
        assert "summary:" in block
        assert f"runbook_url: docs/runbook.md#{name.lower()}" in block
        assert name in sections, f"docs/runbook.md has no section for {name}"
    assert sections == {block.split()[0] for block in blocks}
