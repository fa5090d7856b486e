"""The process that starts and kills scripts for one worker, and the worker's end of it.

    worker --socketpair--> supervisor --clone3--> keeper --fork--> script, its children ...
           <--------- a pipe with the script's output -----------/

- The *supervisor* (`process`) is one small Python process a worker, started with it. It knows until when each
  attempt may run: an absolute CLOCK_BOOTTIME that the worker sends after each heartbeat. A worker that is
  stopped cannot send, one that dies closes the socket; in both cases the supervisor kills.
- The *keeper* (`keeper`) is the first process of an attempt: PID 1 of a PID namespace of its own, so that the
  kernel kills all of the attempt with it, whatever the script did to escape (mode `namespace`); or, where the
  kernel or the container forbids namespaces, the reaper of all its descendants, which finds them in /proc (mode
  `group`). It dies with the supervisor (PDEATHSIG).
- The *script* is a child of the keeper, never PID 1 itself: there TERM would be ignored.

Reasons for one long-lived process instead of one supervisor for each attempt: an attempt costs 9 ms of CPU here, with
its directory, its namespaces, places of its own (2 ms) and /bin/sh (1 ms). The chain setpriv, prlimit, unshare, tini
alone costs 7.3 ms, and each attempt would need a process that watches the worker, 12 ms more in Python. The one process
also is single-threaded, as PDEATHSIG needs.

Weaknesses that are left. Memory and CPU limits are those of one process, not of the attempt as a whole (no cgroup
is assumed). Mode `group`: files that a script leaves outside its directory, in /tmp, stay, and its user id is given out
again after all others of the worker's block. Mode `group` without root: the script runs under the worker's own user and
may signal its keeper and the supervisor; if it kills first the one and then the other, nobody finds the processes it
started. It also reads the files that the worker may read, those below /run/secrets among them, which mode `namespace`
covers. Mode `namespace` where /proc/sys is read-only: a script may make a user namespace of its own.
The network is the host's: scripts need it. To close it, run the workers in a network of their own.

Everything here but `link` runs without site-packages: standard library only.
"""
