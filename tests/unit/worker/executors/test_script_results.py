"""The result of an attempt by the end of its script, and the order that the supervisor gets."""

import errno

import pytest

from foliot.common.model.payloads.script import Script
from foliot.worker.executors.attempt import Result
from foliot.worker.executors.sandbox import Limits, Sandbox
from foliot.worker.executors.script import _judged
from foliot.worker.executors.supervisor.link import Ending, Failure


@pytest.mark.parametrize(
    ("ending", "result"),
    [
        (Ending(code=0), Result(succeeded=True, exit_code=0)),
        (Ending(code=7), Result(succeeded=False, exit_code=7, error_message="exit status 7")),
        (Ending(code=137, signal=9), Result(succeeded=False, exit_code=137, error_message="killed by SIGKILL")),
        (Ending(code=190, signal=62), Result(succeeded=False, exit_code=190, error_message="killed by signal 62")),
    ],
)
def test_ends(ending: Ending, result: Result) -> None:
    assert _judged(ending, "/bin/x") == result


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EACCES, errno.ENOEXEC, errno.ENOTDIR, errno.ELOOP])
def test_a_missing_interpreter_is_final(number: int) -> None:
    result = _judged(Ending(code=125, failure=Failure("interpreter", number, "why")), "/bin/x")
    assert (result.succeeded, result.final) == (False, True)
    assert (result.error_message, result.log_error) == ("interpreter /bin/x: why", "the script's interpreter: why")


@pytest.mark.parametrize(
    "failure",
    [
        Failure("interpreter", errno.EAGAIN, "no process left"),
        Failure("interpreter", errno.ENOMEM, "no memory left"),
        Failure("directory", errno.ENOSPC, "disk full"),
        Failure("launch", errno.EAGAIN, "no process left"),
        Failure("supervisor", None, "it ended"),
    ],
)
def test_what_may_pass_is_retried(failure: Failure) -> None:
    result = _judged(Ending(code=125, failure=failure), "/bin/x")
    assert (result.succeeded, result.final, result.exit_code) == (False, False, None)
    assert failure.reason in str(result.error_message)


def test_the_payload_cannot_overwrite_what_foliot_sets() -> None:
    order = Sandbox(limits=Limits(processes=3), path="/p")._order(
        Script(script="x", env={"PATH": "evil", "A": "b", "FOLIOT_JOB_ID": "evil"}), {"FOLIOT_JOB_ID": "1"}
    )
    assert order["env"] == {"PATH": "/p", "A": "b", "FOLIOT_JOB_ID": "1"}
    assert order["limits"]["processes"] == 3
