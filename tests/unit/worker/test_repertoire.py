"""Each job type that is registered has an executor, and the other way round."""

from __future__ import annotations

from cluster.proof import payloads
from foliot.common.model.payloads import JOB_TYPES, PUBLIC
from foliot.worker import metrics
from foliot.worker.repertoire import EXECUTORS


def test_each_job_type_has_an_executor() -> None:
    assert set(EXECUTORS) == set(JOB_TYPES)


def test_make_up_proves_each_public_job_type() -> None:
    assert set(payloads("http://127.0.0.1:1")) == set(PUBLIC)


def test_each_public_job_type_has_its_metrics_from_the_start() -> None:
    metrics.initialise("worker-1")
    shown = {sample.labels["job_type"] for sample in metrics.JOB_DURATION.collect()[0].samples}
    assert set(PUBLIC) <= shown


def test_each_field_of_a_payload_has_a_check() -> None:
    for job_type in JOB_TYPES.values():
        assert set(job_type.checks) == set(job_type.payload.__struct_fields__), job_type.name
