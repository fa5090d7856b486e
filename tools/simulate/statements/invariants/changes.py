"""Invariants of changes that callers ask for: what is answered is there, what is refused left no trace, all is audited."""

from __future__ import annotations

from collections import Counter, defaultdict

from simulate.statements.evidence import Evidence
from simulate.statements.violation import Violation

ACTIONS = {
    "create": "CREATE_JOB", "edit": "UPDATE_JOB", "pause": "PAUSE_JOB", "resume": "RESUME_JOB", "cancel": "CANCEL_JOB",
    "delete": "DELETE_JOB", "run": "RUN_JOB",
    "restore": "RESTORE_JOB", "rollback": "UPDATE_JOB",
}  # fmt: skip


async def what_is_answered_is_audited(evidence: Evidence) -> None:
    """One audit row for each change that was answered, none for one that was refused, at most one if nobody knows."""
    rows = await evidence.rows("SELECT request_id, action, resource_id FROM audit_logs WHERE request_id LIKE 'call-%'")
    audited = Counter((row["request_id"], row["action"]) for row in rows)
    for call, answer in evidence.effects.calls.items():
        action = ACTIONS.get(call.split()[1])
        if action is None:
            continue
        count = audited[call, action]
        if answer == "refused" and count:
            raise Violation("what was refused left a trace", (call, rows))
        may_be_none = answer != "done" or action == "UPDATE_JOB"  # an edit that changes nothing is no change
        if count > 1 or (count == 0 and not may_be_none):
            raise Violation("what was answered is not audited once", (call, count))


async def versions_are_complete(evidence: Evidence) -> None:
    """The versions of a job follow one another without a gap, and the last one is open and says what the job says."""
    versions = defaultdict(list)
    query = "SELECT job_id, valid_from, valid_to, version, status FROM job_versions ORDER BY job_id, valid_from"
    for row in await evidence.rows(query):
        versions[row["job_id"]].append(row)
    for job in await evidence.rows("SELECT job_id, version, status FROM jobs"):
        of_job = versions[job["job_id"]]
        ends = [row["valid_to"] for row in of_job[:-1]]
        if ends != [row["valid_from"] for row in of_job[1:]] or of_job[-1]["valid_to"] is not None:
            raise Violation("versions have a gap", [dict(row) for row in of_job])
        if of_job[-1]["version"] != job["version"]:
            raise Violation("the last version is not the job's", (dict(job), [dict(row) for row in of_job]))
