"""The end-to-end tests of the local cluster, in containers."""

from e2e.test_way_of_a_job import *  # noqa: F403
