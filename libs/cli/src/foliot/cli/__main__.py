"""`foliot`: runs one command and ends with its exit code."""

from __future__ import annotations

import os
import sys

from foliot.cli.app import run


def main() -> None:
    sys.exit(run(sys.argv[1:], os.environ))


if __name__ == "__main__":
    main()
