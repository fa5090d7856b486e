"""`make fuzz SUITE=api`, `SUITE=http` or `SUITE=amqp`: each suite takes options of its own, see --help behind its name."""

from __future__ import annotations

import sys

from fuzz import amqp, api, http

SUITES = {"api": api.main, "http": http.main, "amqp": amqp.main}


def main(words: list[str]) -> int:
    if not words or words[0] not in SUITES:
        print(f"usage: python -m fuzz {'|'.join(SUITES)} [options]", file=sys.stderr)
        return 2
    return SUITES[words[0]](words[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
