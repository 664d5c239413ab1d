"""What somebody made again under the name of a lost thing: the stack's state is pointed at it.

The state knows a namespace or database by its id, and a bucket by when it was created. With the new ones in the state,
the next update binds every Worker to the new thing, and the lost one is given up: that is for a person to say.

Pure.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from orchestrator.drift.findings import Finding
from orchestrator.kinds import kind_of_type, read_urn


def replaced(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The lost things of which there is another one of the same name."""
    return tuple(finding for finding in findings if finding.lost and finding.change == "changed")


def point_at(exported: Mapping[str, Any], findings: Iterable[Finding]) -> dict[str, Any]:
    """The state, as exported, with what `replaced` found in the place of what is lost."""
    pointed = copy.deepcopy(dict(exported))
    resources = {
        (kind_of_type(each["type"]), read_urn(each["urn"]).name): each
        for each in pointed["deployment"]["resources"]
        if not each.get("delete")
    }
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
