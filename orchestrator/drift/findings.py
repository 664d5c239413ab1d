"""What a comparison of the account with the file found: frozen values, and their JSON, which is part of the contract.

Pure.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

from orchestrator.kinds import Kind

Change = Literal["missing", "changed", "left-behind", "undeclared"]

CHANGES: tuple[Change, ...] = ("missing", "changed", "left-behind", "undeclared")


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One property: what it is to be and what it is, as short texts; None where it is not to be, or is not, there."""

    path: str
    desired: str | None
    live: str | None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing of the account. `key` is its name in the file, `name` the one in the account.

    `missing`: declared and not there. `changed`: there, and not as declared. `left-behind`: the stack made it, and the
    file does not name it any more. `undeclared`: nobody declared it; that is no drift. `lost`: data that the stack knew
    is gone from the account, so that it could only be recreated empty.
    """

    change: Change
    kind: Kind
    key: str
    name: str
    differences: tuple[Difference, ...] = ()
    lost: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "change": self.change,
            "kind": self.kind,
            "key": self.key,
            "name": self.name,
            "lost": self.lost,
            "differences": [
                {"path": each.path, "desired": each.desired, "live": each.live} for each in self.differences
            ],
        }


@dataclass(frozen=True, kw_only=True)
class Drift:
    """What was found, in a stable order, and what it cost.

    `calls`: API calls, every try counted. `read`: how many Workers' settings were read; those of the others were known
    from an earlier check, since nothing was deployed to them in between.
    """

    findings: tuple[Finding, ...]
    calls: int = 0
    read: int = 0
    workers: int = 0

    @property
    def drifted(self) -> tuple[Finding, ...]:
        """The findings that a heal is for: all but what nobody declared."""
        return tuple(finding for finding in self.findings if finding.change != "undeclared")

    @property
    def lost(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.lost)

    @property
    def clean(self) -> bool:
        return not self.drifted

    def as_json(self, *, stack: str, account_id: str) -> dict[str, Any]:
        """The keys are part of the contract; docs/guide/drift-and-heal.md describes them."""
        counted = Counter(finding.change for finding in self.findings)
        return {
            "stack": stack,
            "account": account_id,
            "clean": self.clean,
            "lost": bool(self.lost),
            "counts": {change: counted[change] for change in CHANGES},
            "findings": [finding.as_json() for finding in self.findings],
            "apiCalls": self.calls,
            "workers": self.workers,
            "workersRead": self.read,
        }


def ordered(findings: list[Finding]) -> tuple[Finding, ...]:
    """Drift before what is merely there; then by kind and name."""
    return tuple(
        sorted(findings, key=lambda each: (each.change == "undeclared", each.kind.rank, each.name, each.change))
    )
