"""CronJobs as a manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from foliot.cli.importers.kubernetes import kubernetes
from foliot.cli.manifest.document import manifest_of
from foliot.cli.manifest.located import read


def cronjob(
    container: dict[str, Any] | None = None,
    pod: dict[str, Any] | None = None,
    run: dict[str, Any] | None = None,
    **spec: Any,
) -> str:
    given = {"name": "a", "image": "busybox", "command": ["/bin/sh", "-c", "echo $A"]} | (container or {})
    template = {"spec": {"containers": [given]} | (pod or {})}
    made = {"schedule": "*/5 * * * *", "jobTemplate": {"spec": {"template": template} | (run or {})}} | spec
    return yaml.safe_dump({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "nightly"}, "spec": made})


def test_what_maps() -> None:
    text = cronjob(
        {"env": [{"name": "A", "value": "1"}]}, run={"backoffLimit": 2, "activeDeadlineSeconds": 60},
        timeZone="Europe/Berlin", concurrencyPolicy="Forbid", startingDeadlineSeconds=200, schedule="30 2 ? * *",
    )  # fmt: skip
    (job,) = kubernetes(text, "f").jobs
    assert job.fields == {
        "job_name": "nightly", "job_type": "script", "schedule": "30 2 * * *", "timezone": "Europe/Berlin",
        "overlap_policy": "skip", "misfire_policy": "skip", "misfire_grace_seconds": 200, "timeout_seconds": 60,
        "retry_policy": {"max_retries": 2}, "payload": {"script": "echo $A\n", "env": {"A": "1"}},
    }  # fmt: skip
    assert "busybox" in str(job.notes)


def test_a_list_of_several_and_a_plain_command() -> None:
    one = yaml.safe_load(cronjob({"command": ["python", "run it.py"], "args": ["--all"]}))
    found = kubernetes(yaml.safe_dump({"kind": "List", "items": [one, one]}), "f")
    assert [job.key for job in found.jobs] == ["nightly", "nightly-2"]
    assert found.jobs[0].fields["payload"] == {"script": "exec python 'run it.py' --all\n"}
    manifest = manifest_of(read(found.manifest("k"), "f"), Path("f"))
    assert manifest.jobs["nightly"]["dst_overlap"] == "both"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (cronjob(suspend=True), "suspended"),
        (cronjob({"command": []}), "no command"),
        (cronjob(pod={"initContainers": [{}]}), "several containers"),
        (cronjob({"env": [{"name": "P", "valueFrom": {"secretKeyRef": {}}}]}), "P come from elsewhere"),
        (cronjob(schedule="0 0 */2 * 1"), "either fits"),
        (cronjob(schedule="CRON_TZ=UTC 0 0 * * *"), "timeZone"),
        (cronjob(run={"parallelism": 3}), "several pods"),
        (cronjob({"command": ["run", "$(A)"]}), "$(NAME)"),
        ("kind: Deployment\nmetadata: {name: web}", "it is a Deployment"),
        ("kind: CronJob\nmetadata: {name: half}\nspec: {}", "not complete"),
    ],
)
def test_what_does_not_map_is_named(text: str, says: str) -> None:
    found = kubernetes(text, "f")
    assert (found.jobs, len(found.refused)) == ([], 1)
    assert says in found.refused[0].reason
