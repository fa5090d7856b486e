"""The fences that the stories do not plant, by the reason."""

from __future__ import annotations

from fences.guards import executors, http, versions

LEFT_OUT: dict[str, tuple[str, ...]] = {
    "what comes between is a part of one statement, and a statement is one step here": (
        "term row held by a plain plan", "a plain plan's job is the one that was read", "the clock is read after the lock",
        "an outcome is written only where it differs", "months are detached concurrently",
    ),
    "another guard holds where this one is taken out: nothing is lost or doubled without it, it comes later": (
        "claim token", "lease", "a dead token claims nothing", "a dead token is kept for a minute", "ack after commit",
        "an interrupted claim is handed back", "sending the unconfirmed again", "a release waits for nobody",
        "what meets another run is decided when it is due", "a tick that has its row is decided when it is due",
        "a commit whose answer was lost is recognised", "the parts of a batch are recorded once",
        "a change that was rolled back is made again", "bulk: the ends of runs are written",
        "bulk: what the jobs have open is cancelled",
    ),
    "the stories cancel jobs, not single runs": ("a cancel locks the job first",),
    "it takes two rows whose ids and times are in another order, which the stories hardly make": (
        "cancels lock by id", "a worker's writes lock by id", "dead letters lock by id",
    ),
    "a row that PostgreSQL refuses, a full disk, a missing index or month: no order of steps": (
        "ledger key", "idle_in_transaction timeout", "poison split", "a full disk is waited out",
        "an index that keeps a promise is missed", "a month with open work stays",
    ),
    "time or size: the stories' clock stands still within a round, and their batches are small": (
        "what is due now before the overdue", "no release before the delay by jitter", "a run is held until its time",
        "what is not recorded keeps others from being claimed", "rows in portions", "a plan of the future is not believed",
    ),
    "a rule that is decided in pure code, by a test of all its cases": (
        "ticks of a gap follow the overlap policy where they met a run", "a text that means the same keeps the phase",
        "a completed job that is armed again keeps its outcome", "the timeline sees what is missing",
        "a new tzdata moves under the job's lock",
    ),
    "election and broker: the simulation in virtual time drives them": (
        "a node without a session is replaced", "a leader whose node was deleted is not confirmed",
        "what runs here is not released with a copy of its message", "nothing starts under a lost lease", "nodes that are there get the password", "an empty message is unreadable",
        "no error leaves the callback of a delivery", "a copy that is not confirmed is sent again",
        "an attempt has the time of its row", "a neighbour's job_key holds up nobody",
        "creations behind a hung batch are answered with it",
    ),
    "what is let in or shown at the API's door": (
        "payloads of a page are bounded", "a stale replica is not read", "secrets are for those who may change the job",
        "the last admin key is kept", "a team's admin speaks for nobody else", "a body is no deeper than can be kept",
        "a number that would become another is refused", "an unknown member of a patch is refused, null too",
        "a parameter can be kept as text", "a cursor's time has a zone", "what is no request is not logged as it came",
        "half a head ends",
    ),
    "keys, versions and lists of jobs have no order of steps": tuple(
        fence.name for fence in versions.FENCES if fence.name != "no tick comes back with a restored job"
    ),
    "what is decided of one plan or one row, whatever comes between": (
        "bulk: a revoked key stops its operation", "bulk: a fault stops one operation",
        "bulk: a job that changed behind the plan is left alone", "bulk: an apply is done whole or not at all",
        "bulk: prune needs the number", "bulk: an equal definition is not touched",
        "bulk: a transaction takes few large payloads", "bulk: large bodies are few",
        "bulk: a job of another set is not taken", "bulk: a job_key taken behind the look is looked at again",
    ),
    "pauses with an end, shadows and waits: no story has them yet": (
        "a shadow is not planned as a plain tick", "pauses end under the term", "a pause that was made again is not ended",
        "a job that is paused no more is not resumed", "a shadow is not run by hand",
        "a run is waited for until its last attempt", "a stop answers whoever waits", "a client that has gone does not wait",
    ),
    "what one attempt does, not when": tuple(fence.name for fence in (*executors.FENCES, *http.FENCES)),
}  # fmt: skip
