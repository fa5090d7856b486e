"""`make simulate LAYER=virtual` or `LAYER=statements`: one door to both layers of the simulation."""

from __future__ import annotations

import runpy
import sys

LAYERS = ("virtual", "statements")


def main() -> None:
    layer = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    if layer not in LAYERS:
        sys.exit(f"LAYER is one of {', '.join(LAYERS)}, not {layer!r}")
    runpy.run_module(f"simulate.{layer}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
