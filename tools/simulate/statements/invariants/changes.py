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


async def many_are_audited_one_by_one(evidence: Evidence) -> None:
    """Of a change of many jobs that was answered each row that is done is audited once, no other; of one that nobody
    heard of each row at most once."""
    query = "SELECT request_id, resource_id, count(*) FROM audit_logs WHERE resource_type = 'JOB' GROUP BY 1, 2"
    audited = {(row["request_id"], row["resource_id"]): row["count"] for row in await evidence.rows(query)}
    calls = evidence.effects.calls
    for (call, job_id), count in audited.items():
        if call in calls and call.split()[1].startswith(("many-", "operate-", "apply")) and count > 1:
            raise Violation("a change of many jobs is audited twice", (call, job_id))
    for call, rows in evidence.effects.results.items():
        done = {row["job_id"] for row in rows if "error" not in row and row.get("change") != "same"}
        found = {job_id for (of, job_id) in audited if of == call}
        if found - done or (call.split()[1] != "many-label" and done - found):  # a label may be there already
            raise Violation(
                "what was answered of many jobs is not what is audited", (call, sorted(done), sorted(found))
            )


async def operations_are_whole(evidence: Evidence) -> None:
    """Each has come to its end, with every row done once or refused, and its counts are those of its rows."""
    query = """SELECT o.operation_id, o.status, o.matched, o.done, o.failed, o.action, count(r.error) AS refused,
               count(*) FILTER (WHERE r.error IS NULL AND NOT EXISTS (
                   SELECT FROM audit_logs a WHERE a.request_id = o.request_id AND a.resource_id = r.job_id
                     AND a.resource_type = 'JOB')) AS silent
           FROM operations o JOIN operation_rows r USING (operation_id) GROUP BY 1"""
    for row in await evidence.rows(query):
        counts_hold = row["done"] + row["failed"] == row["matched"] and row["failed"] == row["refused"]
        if row["status"] != "COMPLETED" or not counts_hold or (row["silent"] and row["action"] != "label"):
            raise Violation("an operation is not whole", dict(row))
