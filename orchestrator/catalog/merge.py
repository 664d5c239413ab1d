"""What a person wrote and what a template says today, brought together line by line: a three-way merge by
`git merge-file`, which needs no repository.

Touches: a child process (`git`) and a temporary folder, only where both sides changed.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from orchestrator.errors import OrchestratorError, UserError

MARK = "<<<<<<< "
_BETWEEN, _END = "=======", ">>>>>>> "
_LABELS = ("yours", "the template when it was written", "the template today")
_MOST_CONFLICTS = 127  # what git counts up to; above it the exit code is an error's


@dataclass(frozen=True, kw_only=True)
class Merged:
    """`conflicts`: how many places both changed differently. There `text` has both, marked, or `mine` alone."""

    text: str
    conflicts: int


def merge(mine: str, base: str, theirs: str, *, keeps_mine: bool) -> Merged:
    """What changed from `base` to `theirs`, in `mine`: no line that `mine` has and `base` has not is lost.

    `keeps_mine`: conflicts are not marked; `mine` stays there. Raises OrchestratorError where git cannot be run.
    """
    if theirs in (base, mine):
        return Merged(text=mine, conflicts=0)
    if mine == base:
        return Merged(text=theirs, conflicts=0)
    marked = _merged(mine, base, theirs)
    return Merged(text=_merged(mine, base, theirs, "--ours").text, conflicts=marked.conflicts) if keeps_mine else marked


def has_marks(text: str) -> bool:
    """Whether conflicts of an earlier merge still stand there."""
    return any(line.startswith(MARK) for line in text.splitlines())


def is_marked_by(mine: str, base: str, theirs: str) -> bool:
    """Whether the marks in `mine` are those that this merge makes: an update that was cut off had come so far."""
    return merge(_without_marks(mine), base, theirs, keeps_mine=False).text == mine


def _without_marks(text: str) -> str:
    """The side of each marked place that is the person's own."""
    kept, is_theirs = [], False
    for line in text.splitlines(keepends=True):
        said = line.rstrip("\r\n")
        if said == f"{MARK}{_LABELS[0]}":
            continue
        if said == _BETWEEN or said == f"{_END}{_LABELS[-1]}":
            is_theirs = said == _BETWEEN
        elif not is_theirs:
            kept.append(line)
    return "".join(kept)


def _merged(mine: str, base: str, theirs: str, *how: str) -> Merged:
    with TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("mine", "base", "theirs")]
        for file, text in zip(files, (mine, base, theirs), strict=True):
            file.write_bytes(text.encode())
        labels = [word for label in _LABELS for word in ("-L", label)]
        command = ["git", "-c", "merge.conflictStyle=merge", "merge-file", "-p", "-q", *how, *labels, *map(str, files)]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        except FileNotFoundError:
            raise UserError("git is not installed, by which both changes are merged", "install git") from None
    if not 0 <= done.returncode <= _MOST_CONFLICTS:
        raise OrchestratorError(f"git merge-file failed: {done.stderr.decode(errors='replace').strip()}")
    return Merged(text=done.stdout.decode(), conflicts=done.returncode)
