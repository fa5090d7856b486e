"""Files of the local directory: complete or not there, and nobody else's to read."""

import os
from pathlib import Path


def write(path: Path, content: str | bytes) -> None:
    """Replaces the file at once: who is killed half-way leaves the old one."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_bytes(content.encode() if isinstance(content, str) else content)
    os.replace(new, path)
