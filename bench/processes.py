"""What a process and all that it has started use (Linux)."""

from __future__ import annotations

import re
from pathlib import Path


def memory_mb(pid: int, *, itself: bool = True) -> int:
    """Resident memory in MB, with or without that of the process `pid` itself."""
    counted = family(pid) - (set() if itself else {pid})
    sizes = [re.search(r"VmRSS:\s+(\d+)", _read(each, "status")) for each in counted]
    return sum(int(size[1]) for size in sizes if size) // 1024


def cpu_seconds(pid: int) -> float:
    """Time on the processors since the start, of the threads that are there still."""
    nanoseconds = 0
    for each in family(pid):
        for path in Path(f"/proc/{each}/task").glob("*/schedstat"):
            nanoseconds += int((_text(path) or "0").split()[0])
    return nanoseconds / 1e9


def family(pid: int) -> set[int]:
    """`pid` and its descendants."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*"):
        if found := re.search(r"PPid:\s+(\d+)", _read(int(path.name), "status")):
            parents[int(path.name)] = int(found[1])
    found_all = {pid}
    while children := {child for child, parent in parents.items() if parent in found_all} - found_all:
        found_all |= children
    return found_all


def _read(pid: int, name: str) -> str:
    return _text(Path(f"/proc/{pid}/{name}"))


def _text(path: Path) -> str:
    """Empty where the process has ended meanwhile."""
    try:
        return path.read_text()
    except OSError:
        return ""
