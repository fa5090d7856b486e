"""The list of mutants, each with a seed that kills it. `python -m simulate.virtual mutants` looks for the first."""

from __future__ import annotations

from simulate.virtual.mutants import Mutant

WORKER = "foliot.worker"
SCHEDULER = "foliot.scheduler"
COALESCER = "foliot.api.jobs.coalescer"
LEDGER = "simulate.virtual.worker.ledger:Ledger"

MUTANTS = [
    Mutant(
        "a worker that never fences itself", "worker", f"{WORKER}.heartbeat:Heartbeat.guard",
        "self._lease.deadline == 0.0", "self._lease.deadline >= 0.0", 8,
    ),
    Mutant(
        "no margin before the end of the lease", "worker", f"{WORKER}.lease:Lease.extend",
        "self.seconds * (1 - MARGIN)", "self.seconds", 12,
    ),
    Mutant(
        "a heartbeat counts from its answer", "worker", f"{WORKER}.lease:Lease.extend",
        "sent_at +", "self._clock.elapsed() +", 460,
    ),
    Mutant(
        "a heartbeat of a former token extends the lease", "worker", f"{WORKER}.heartbeat:Heartbeat.step",
        "if claim != self._lease.claim:", "if False:", 68,
    ),
    Mutant(
        "ack before commit", "worker", f"{WORKER}.claimer:Claimer.step",
        "    rows = await", "    await settle(sent.batch)\n    rows = await", 0,
    ),
    Mutant(
        "a doubtful claim asked without `again`", "worker", f"{WORKER}.claimer:Claimer._next_batch",
        "return doubtful, True", "return doubtful, False", 209,
    ),
    Mutant(
        "an attempt starts for each copy of its message", "worker", f"{WORKER}.claimer:Claimer._next_batch",
        " if runs(held.handle.execution_id) is None", "", 447,
    ),
    Mutant(
        "an attempt begins while its lease is in doubt", "worker", f"{WORKER}.runner:Runner._early",
        "0.0 if self._lease.holds else LOOK_AGAIN", "0.0", 158,
    ),
    Mutant(
        "one cancel where a kill needs two", "worker", f"{WORKER}.running:RunningEntry.kill",
        "clock.call_at(clock.elapsed() + SECOND_CANCEL, self._cancel)", "pass", 78,
    ),
    Mutant(
        "timeouts that do not ring", "worker", f"{WORKER}.timeouts:Timeouts._ring",
        "entry.stop(TIMED_OUT)", "pass", 0,
    ),
    Mutant(
        "more claims than slots", "worker", f"{WORKER}.claimer:Claimer._next_batch",
        "min(MAX_CLAIMED, self._running.free)", "MAX_CLAIMED", 1,
    ),
    Mutant(
        "stray claims are not rescued", "worker", f"{SCHEDULER}.rescuer:Rescuer.step",
        "dead += await unit.workers.select_stray_claims()", "pass", 41,
    ),
    Mutant(
        "a record without its token", "worker", f"{LEDGER}.may_record",
        " and row.claim == claim", "", 268,
    ),
    Mutant(
        "a claim under a dead token", "worker", f"{LEDGER}.claim_executions",
        "if not self.is_alive(claim, lease):", "if False:", 18,
    ),
    Mutant(
        "what was claimed under a lost lease starts", "worker", f"{WORKER}.claimer:Claimer.step",
        "if claim != self._lease.claim or not self._lease.holds:", "if False:", 346,
    ),
    Mutant(
        "a rescue locks no job", "worker", f"{SCHEDULER}.rescuer:Rescuer._rescue",
        "await unit.endings.lock_settling(sorted({row.job_id for row in lost}))", "[]", 0,
    ),
    Mutant(
        "a record locks no job", "worker", f"{WORKER}.recorder:record",
        "await unit.endings.lock_settling(sorted({ended.claimed.job_id for ended in batch}))", "[]", 0,
    ),
    Mutant(
        "the last outcome is not noted", "worker", "foliot.common.ledger.conclude:_end",
        "await unit.endings.note_outcomes(noted)", "pass", 0,
    ),
    Mutant(
        "an unreadable message is never acked", "worker", f"{WORKER}.intake:Intake._set_aside",
        "await receipt.ack()", "pass", 1,
    ),
    Mutant(
        "a node of nobody stays", "election", f"{SCHEDULER}.leadership:Leadership._remove_nobodys",
        "await zk.delete(self._path, node.version)", "pass", 2,
    ),
    Mutant(
        "a node that was deleted is trusted", "election", f"{SCHEDULER}.leadership:Leadership._hold",
        "self._deadline = 0.0 ", "pass ", 1039,
    ),
    Mutant(
        "a failed plan keeps its places", "dispatch", f"{SCHEDULER}.dispatcher:Dispatcher.reservation",
        "self._windows.give_back(tick.pool, tick.priority, 1)", "pass", 1,
    ),
    Mutant(
        "jobs that are stored apart are forgotten", "creation", f"{COALESCER}:Coalescer._write",
        "self._write_beside(keyed)", "pass", 27,
    ),
    Mutant(
        "a node is ours whoever owns it", "election", f"{SCHEDULER}.leadership:Leadership._win",
        "if node.owner == zk.session_id:", "if node.owner:", 8,
    ),
    Mutant(
        "trust for longer than a session", "election", f"{SCHEDULER}.leadership:Leadership._hold",
        "TRUSTED_SHARE * zk.session_timeout", "1.5 * zk.session_timeout", 23,
    ),
    Mutant(
        "the node is not looked at after a resume", "election", f"{SCHEDULER}.leadership:Leadership._hold",
        "if czxid != node.czxid:", "if False:", 86,
    ),
    Mutant(
        "a watch that is not set again", "election", f"{SCHEDULER}.leadership:Leadership._win",
        "changed = await zk.children_changed(self._root)", "changed = asyncio.get_running_loop().create_future()", 1,
    ),
    Mutant(
        "the node is kept at a stop", "election", f"{SCHEDULER}.leadership:Leadership._give_node_back",
        "await zk.delete(self._path, node.version)", "await asyncio.sleep(zk.session_timeout)", 0,
    ),
    Mutant(
        "a czxid of another ensemble is our own", "election", f"{SCHEDULER}.leadership:Leadership._remove_leftover",
        "(ensemble_id, node.czxid) == self._own", "self._own and node.czxid == self._own[1]", 512,
    ),
    Mutant(
        "trust in a node that is given away", "election", f"{SCHEDULER}.leadership:Leadership._candidacy_on",
        "self._deadline = 0.0", "pass", 118,
    ),
    Mutant(
        "duties of two terms at once", "election", f"{SCHEDULER}.leadership:Leadership._candidacy",
        'await self._end_duties("a newer term of our own")', "pass", 2,
    ),
    Mutant(
        "what the broker lost is forgotten", "dispatch", f"{SCHEDULER}.dispatcher:Dispatcher._publish_or_keep",
        "self._unconfirmed.append(message)", "pass", 0,
    ),
    Mutant(
        "all unconfirmed at once", "dispatch", f"{SCHEDULER}.dispatcher:Dispatcher.resend",
        "confirmed = await self._publish(self._unconfirmed[0])", "confirmed = not self._start(self._unconfirmed[0])", 0,
    ),
    Mutant(
        "a wedged queue stays wedged", "dispatch", f"{SCHEDULER}.dispatcher:Dispatcher._publish",
        "self._silent[message.queue] += 1", "pass", 0,
    ),
    Mutant(
        "one silence is a wedge", "dispatch", f"{SCHEDULER}.dispatcher:Dispatcher._rebuild_wedged",
        "times >= WEDGED_AFTER", "times >= 1", 0,
    ),
    Mutant(
        "a deleted queue is not declared", "dispatch", f"{SCHEDULER}.dispatcher:Dispatcher._publish",
        "self._pools.discard(message.pool)", "pass", 6,
    ),
    Mutant(
        "windows without a limit", "dispatch", f"{SCHEDULER}.windows:Windows.take",
        "taken = min(wanted, before)", "taken = wanted", 4,
    ),
    Mutant(
        "a count that forgets", "dispatch", f"{SCHEDULER}.windows:Windows.take",
        "self._dispatched[pool, cls] += taken", "pass", 1,
    ),
    Mutant(
        "an error that reaches one of its batch", "creation", f"{COALESCER}:Coalescer._write_all",
        "for waiting in failed:", "for waiting in failed[:1]:", 15,
    ),
    Mutant(
        "a refused body keeps its bytes", "creation", f"{COALESCER}:Coalescer._decode_arrived",
        "self._bytes -= size", "pass", 0,
    ),
    Mutant(
        "no bound on what waits", "creation", f"{COALESCER}:Coalescer.create",
        "len(self._arrived) + len(self._waiting) >= MAX_WAITING", "False", 909,
    ),
    Mutant(
        "one refused job spoils its batch", "creation", f"{COALESCER}:_write_batch",
        "await split(batch, written, refused)", "await written(batch)", 5,
    ),
    Mutant(
        "answers in another order", "creation", f"{COALESCER}:_write_batch",
        "zip(answers, part, strict=True)", "zip(answers[::-1], part, strict=True)", 1,
    ),
]  # fmt: skip
