"""What earlier checks read of Workers, so that a Worker to which nothing was deployed since is not read again.

The list of Workers says of each when it was last deployed to, and the hash of its code. Code, bindings, secrets and
compatibility settings belong to a deployed version, so while those marks are the same, what was read is still true. A
mark is compared with the mark of the reading itself, never with Pulumi's state: a refresh writes the marks of a change
into the state without seeing the change. A reading is not believed for longer than a day, so that a mark that failed to
change costs a day at most; `--full` believes none.

A file in the build folder, one for each stack, readable by the user only: it has the texts of declared variables as
they are in the account. It can be deleted at any time, or be carried between machines, as the heal workflow does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from orchestrator.bundle.modules import BUILD
from orchestrator.drift.live import Version
from orchestrator.files import PRIVATE, write_whole

BELIEVED_S = 24 * 3600.0
_FORMAT = 3


class Ledger:
    """Readings of one account by Worker's name. `now` in seconds since 1970."""

    def __init__(self, path: Path, *, account: str, now: float) -> None:
        """`account`: what tells the account from any other; a file of another one is not used."""
        self._path = path
        self._account = account
        self._now = now
        self._entries = _load(path, account)

    @classmethod
    def of_stack(cls, stack: str, root: Path, *, account: str, now: float) -> Ledger:
        return cls(root / BUILD / "drift" / f"{stack.replace('/', '.')}.json", account=account, now=now)

    def known(self, worker: str, mark: str) -> Version | None:
        """What was read of a Worker when its mark was this one; None if that is not known, or too long ago."""
        entry = self._entries.get(worker)
        if entry is None or entry["mark"] != mark or not 0 <= self._now - entry["read_at"] <= BELIEVED_S:
            return None
        version = entry["version"]
        return Version(
            **{
                **version,
                "bindings": tuple(version["bindings"]),
                "compatibility_flags": tuple(version["compatibility_flags"]),
                "shares": tuple((id, percent) for id, percent in version["shares"]),
            }
        )

    def record(self, worker: str, mark: str, version: Version) -> None:
        self._entries[worker] = {"mark": mark, "read_at": self._now, "version": asdict(version)}

    def save(self, workers: frozenset[str]) -> None:
        """Write the readings of these Workers, whole or not at all; the others are forgotten."""
        entries = {name: entry for name, entry in self._entries.items() if name in workers}
        document = {"format": _FORMAT, "account": self._account, "workers": entries}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._path, json.dumps(document), mode=PRIVATE)


def _load(path: Path, account: str) -> dict[str, dict[str, Any]]:
    """The readings of a file of ours; none where it is missing, broken, of another account or of another format."""
    try:
        document = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(document, Mapping) or (document.get("format"), document.get("account")) != (_FORMAT, account):
        return {}
    return dict(document["workers"])
