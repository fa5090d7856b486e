"""Error codes: every `code` that an answer may have, its status, its meaning and the remedy. Nothing else gives one."""

from __future__ import annotations

from typing import Final

import msgspec


class ErrorCode(msgspec.Struct, frozen=True):
    """A code is stable: programs decide by it. `meaning` and `remedy` are sentences of the reference page."""

    code: str
    status: int
    meaning: str
    remedy: str


_CODES = (
    ErrorCode(
        "malformed", 400, "The request, or its body, could not be read at all: broken JSON, a broken header or length.",
        "Send HTTP/1.1 with a JSON object as body. `detail` says where reading stopped.",
    ),
    ErrorCode(
        "hung_up", 400, "The connection ended before the whole body had arrived.",
        "Send the request again; if it comes back, look at what lies between you and the API.",
    ),
    ErrorCode(
        "unauthorized", 401, "There is no key in the request, or it is unknown, revoked or expired.",
        "Send `Authorization: Bearer <key>`; an admin makes keys with POST /v1/api-keys.",
    ),
    ErrorCode(
        "forbidden", 403, "The key is valid, but its role does not allow this.",
        "Use a key with the role that `detail` names.",
    ),
    ErrorCode(
        "not_found", 404, "There is no such path or thing, or it belongs to another team: that is not told apart.",
        "Compare the path with the reference, and the id with a list; use a key of the thing's team.",
    ),
    ErrorCode(
        "method_not_allowed", 405, "The path exists, but not with this method.",
        "Use one of the methods of the header `Allow`.",
    ),
    ErrorCode(
        "too_slow", 408, "The body did not arrive within 30 s.", "Send the whole body at once.",
    ),
    ErrorCode(
        "state", 409, "The state of the job or execution forbids the step, or is already what the step leads to.",
        "Read it again; `detail` names its state.",
    ),
    ErrorCode(
        "overlap", 409, "The job has an unfinished run, and its overlap policy starts no other beside it.",
        "Wait for the run to end, or send `overlap_policy` allow or queue_one.",
    ),
    ErrorCode(
        "shadow", 409, "The job is a shadow: its ticks are recorded and never run, and neither is this run.",
        "Set `shadow` to false with PATCH, then run it.",
    ),
    ErrorCode(
        "job_key", 409, "The team has a job with this job_key.",
        "Choose another job_key, or edit the job that has it: GET /v1/jobs?job_key=... finds it.",
    ),
    ErrorCode(
        "set", 409, "The job with this job_key belongs to another set, or to none.",
        "Choose another job_key, or send `adopt` true to take the job over.",
    ),
    ErrorCode(
        "prune", 409, "The jobs that an apply would delete are not as many as `prune` says.",
        "Look at the plan (`dry_run`), and send the number that it has if these jobs are to go.",
    ),
    ErrorCode(
        "in_flight", 409, "Another request with this Idempotency-Key is still being answered.",
        "Send the same request again a little later: it gets the first one's answer.",
    ),
    ErrorCode(
        "last_admin_key", 409, "This is the last admin key without a team: without it nobody could make another.",
        "Make another admin key first, or send force=true.",
    ),
    ErrorCode(
        "history_expired", 409, "The run is older than the history that is kept: its month is dropped.",
        "Run the job again: POST /v1/jobs/{job_id}/run.",
    ),
    ErrorCode(
        "not_replayable", 409, "The job of these runs was cancelled or deleted.",
        "Discard the dead letters, or create the job again.",
    ),
    ErrorCode(
        "stale_version", 412, "If-Match or If-None-Match forbids it: the job has another version, or it exists.",
        "Read the job again, and send its new ETag if the change still makes sense.",
    ),
    ErrorCode(
        "too_large", 413, "The body is larger than 1 MiB, or than 32 MiB for POST /v1/jobs/bulk.",
        "Send less: large data belongs where the job can fetch it.",
    ),
    ErrorCode(
        "unsupported_media_type", 415, "The Content-Type or the Content-Encoding is not one that is read here.",
        "Send `Content-Type: application/json`, and gzip, deflate or no encoding.",
    ),
    ErrorCode(
        "expectation_failed", 417, "The header Expect asks for something unknown.",
        "Send `Expect: 100-continue` or no such header.",
    ),
    ErrorCode(
        "invalid", 422, "Fields or parameters are wrong. `errors` names all of them at once.",
        "Correct each of `errors`: its message says how.",
    ),
    ErrorCode(
        "idempotency_key_reused", 422, "The Idempotency-Key was used with another body within 24 h.",
        "Use a new key for a new request.",
    ),
    ErrorCode(
        "internal", 500, "A fault of Foliot.", "Report it with the request_id: the log line with it tells more.",
    ),
    ErrorCode(
        "unavailable", 503, "A server that the answer needs is away. A change may have happened all the same.",
        "Try again after `Retry-After` seconds; with an Idempotency-Key nothing is done twice.",
    ),
    ErrorCode(
        "busy", 503, "The API has no room for this at the moment.",
        "Try again after `Retry-After` seconds, or ask for fewer items with limit.",
    ),
)  # fmt: skip
ERROR_CODES: Final = {one.code: one for one in _CODES}
"""code -> its entry, by status."""
EVERYWHERE: Final = ("malformed", "unauthorized", "invalid", "internal", "unavailable", "busy", "expectation_failed")
"""Codes that every operation may answer."""
