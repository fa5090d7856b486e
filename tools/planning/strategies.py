"""The values that stories are made of: schedules, policies, windows, and how time passes between two steps."""

from __future__ import annotations

from hypothesis import strategies as st

SCHEDULES = st.sampled_from(
    [
        {"schedule": "@every 10s"}, {"schedule": "@every 10s"}, {"schedule": "@every 45m"}, {"schedule": "*/20 * * * * *"}, {"schedule": "* * * * *"},
        {"schedule": "30 2 * * *", "timezone": "Europe/Berlin"},
        {"schedule": "15,45 2 * * *", "timezone": "Europe/Berlin", "dst_overlap": "both"},
        {"schedule": "*/30 * * * *", "timezone": "Europe/Berlin"}, {"schedule": "0 */5 * * *", "timezone": "Australia/Lord_Howe"},
        {"schedule": "immediate"}, {"once": 30}, {"once": 7_200},
    ]
)  # fmt: skip
POLICIES = st.fixed_dictionaries(
    {
        "overlap_policy": st.sampled_from(["skip", "skip", "queue_one", "queue_one", "cancel_running", "allow"]),
        "misfire_policy": st.sampled_from(["skip", "run_once", "run_all"]),
        "misfire_grace_seconds": st.sampled_from([0, 5, 60, 600]),
        "misfire_limit": st.sampled_from([1, 3, 100]),
        "shadow": st.sampled_from([False, False, False, True]),
    }
)
WINDOWS = st.fixed_dictionaries(
    {},
    optional={
        "max_runs": st.integers(1, 4), "start_at": st.sampled_from([15, 5_000]), "end_at": st.sampled_from([60, 20_000]),
        "jitter_seconds": st.sampled_from([0, 30]),
    },
)  # fmt: skip
AFTER_THE_NEXT_TICK = st.sampled_from([0, 0, 0, 0, 0, 0, 5, 25, 130, 4_000])
WORK = st.sampled_from(["start", "start", "complete", "fail", "none", "no leader", "no leader"])
BEFOREHAND = st.lists(st.tuples(AFTER_THE_NEXT_TICK, WORK, st.integers(0, 5)), max_size=4)
"""Each: time passes to the next tick and some seconds more; a leader, if there is one, plans; a worker does something."""
JOBS = st.integers(0, 2)
