"""The list of all fences, by the part of the product in which the guard is."""

from __future__ import annotations

from fences.guards import api, bulk, executors, http, ledger, scheduler, versions, worker

FENCES = [
    *ledger.FENCES, *scheduler.FENCES, *worker.FENCES, *executors.FENCES, *http.FENCES, *api.FENCES, *versions.FENCES,
    *bulk.FENCES,
]  # fmt: skip
