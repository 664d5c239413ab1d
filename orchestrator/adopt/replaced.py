"""What somebody recreated under the name of a lost thing: the stack's state is pointed at it.

The state knows a namespace or database by its id, and a bucket by when it was created. With the new ones in the state,
the next update binds every Worker to the new thing, and the lost one is given up: that is for a person to say.

Pure.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.adopt.wanted import Wanted
from orchestrator.drift.findings import Finding
from orchestrator.kinds import Kind, kind_of_type, read_urn


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What the account has of a wanted name. `id`: Cloudflare's; `made`: when a bucket was created."""

    wanted: Wanted
    id: str
    made: str | None = None


def rename(exported: Mapping[str, Any], taken: Iterable[Taken]) -> dict[str, Any]:
    """The state, as exported, with each bucket or database of another name in the place of the one that it had."""
    renamed = copy.deepcopy(dict(exported))
    resources = _by_key(renamed)
    for each in taken:
        resource = resources[each.wanted.kind, each.wanted.key]
        name = {"name": each.wanted.name}
        place = {"jurisdiction": each.wanted.jurisdiction} if each.wanted.kind is Kind.R2_BUCKET else {}
        made = {"creationDate": each.made} if each.made else {}
        known = {"id", "uuid"} & resource["outputs"].keys()
        resource["id"] = each.id
        resource["inputs"] |= name | place
        resource["outputs"] |= name | place | made | dict.fromkeys(known, each.id)
    return renamed


def replaced(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The lost things of which there is another one of the same name."""
    return tuple(finding for finding in findings if finding.lost and finding.change == "changed")


def point_at(exported: Mapping[str, Any], findings: Iterable[Finding]) -> dict[str, Any]:
    """The state, as exported, with what `replaced` found in the place of what is lost."""
    pointed = copy.deepcopy(dict(exported))
    resources = _by_key(pointed)
    for finding in findings:
        resource = resources[finding.kind, finding.key]
        for difference in finding.differences:
            if difference.path == "id":
                resource["id"] = difference.live
                known = {"id", "uuid"} & resource["outputs"].keys()
                resource["outputs"] |= dict.fromkeys(known, difference.live)
            elif difference.path == "creation_date":
                resource["outputs"]["creationDate"] = difference.live
    return pointed


def _by_key(exported: Mapping[str, Any]) -> dict[tuple[Kind | None, str], dict[str, Any]]:
    return {
        (kind_of_type(each["type"]), read_urn(each["urn"]).name): each
        for each in exported["deployment"]["resources"]
        if not each.get("delete")
    }
