"""`make release VERSION=1.2.3`: checks, writes, tests, commits and tags a release in the current directory.

Nothing is pushed. If a check or a test fails, the files are as they were before.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from release.changelog import ChangelogError, released
from release.versions import COPIES, SOURCE, VersionError, check_follows, write

CHANGELOG = "CHANGELOG.md"
DESCRIBED, RELEASED = "docs/openapi.json", "docs/openapi.released.json"
"""The description of the API, and that of the last release, which no later change may break."""
WRITTEN = (CHANGELOG, SOURCE, *COPIES, RELEASED)


class ReleaseError(RuntimeError):
    """The tree cannot be released as it is."""


def git(root: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True).stdout


def release(root: Path, version: str, *, checked: bool) -> None:
    """`checked`: the tests have passed on this tree already; do not run them again."""
    check_follows(root, version)
    _check_tree(root, version)
    changelog = released((root / CHANGELOG).read_text(), version, datetime.now(UTC).date())
    write(root, version)
    (root / CHANGELOG).write_text(changelog)
    try:
        if not checked:
            _run_tests(root)
    except BaseException:  # an interrupt too
        git(root, "checkout", "--", *WRITTEN)
        raise
    (root / RELEASED).write_text((root / DESCRIBED).read_text())  # the tests compare with the former one
    git(root, "add", "--", *WRITTEN)
    git(root, "commit", "--quiet", "--message", f"release: {version}")
    git(root, "tag", "--annotate", f"v{version}", "--message", f"Foliot {version}")


def _check_tree(root: Path, version: str) -> None:
    if git(root, "status", "--porcelain"):
        raise ReleaseError("the working tree is not clean: commit or remove what `git status` shows")
    if git(root, "tag", "--list", f"v{version}"):
        raise ReleaseError(f"the tag v{version} exists: choose the next version")


def _run_tests(root: Path) -> None:
    if subprocess.run([".ci/run"], cwd=root, check=False).returncode:
        raise ReleaseError(".ci/run failed: nothing was committed, the files are as they were")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make release", description=__doc__)
    parser.add_argument("version", help="1.2.3")
    parser.add_argument("--checked", action="store_true", help="the tests have passed already: do not run .ci/run")
    asked = parser.parse_args()
    try:
        release(Path.cwd(), asked.version, checked=asked.checked)
    except (ChangelogError, ReleaseError, VersionError) as error:
        print(f"make release: {error}", file=sys.stderr)
        return 1
    print(f"released {asked.version}; publish it with: git push --follow-tags")
    return 0


if __name__ == "__main__":
    sys.exit(main())
