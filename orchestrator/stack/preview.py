"""What `pulumi preview --json` proposes, in words for people: what comes, changes, goes, and what is kept.

Pulumi shows data that leaves the file as `delete[retain]`; here it is said that it stays, with its contents, and how it
comes back. Used by `adopt` and for the comment on a pull request.

Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.kinds import Kind, kind_of_type, read_urn
from orchestrator.limits import Use
from orchestrator.limits.report import COLUMNS, rows, warnings
from orchestrator.routing.table import RoutingTable

OVERWRITTEN = "the upload takes away what was set outside the file"
"""In each message about it, so that who reads a preview finds them."""


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What an update would do, each thing by its kind and its name in the account, in order.

    `kept`: data and queues that leave the file and stay in the account. `destroyed`: those that go (`keepData: false`).
    `overwritten`: what uploads take away that was set outside the file. `problems`: why the preview failed, in its own
    words.
    """

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    destroyed: tuple[str, ...] = ()
    overwritten: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def changes(preview: Mapping[str, Any], *, but: Collection[tuple[Kind, str]] = ()) -> Changes:
    """Read the JSON of a preview; without the creations of `but` (kinds and names in the file).

    Of a replacement it has one step, `replace`, with both states: something comes, and something goes.

    A Worker's switch and cron triggers come and go with it, and are named only where the Worker itself stays.
    """
    done: dict[str, set[tuple[Kind, str]]] = {key: set() for key in ("created", "changed", "removed", "kept")}
    destroyed: set[tuple[Kind, str]] = set()
    for step in preview.get("steps") or ():
        state = step.get("newState") or step.get("oldState") or {}
        kind = kind_of_type(state.get("type", ""))
        if kind is None:
            continue
        thing = (kind, kind.name_in(state.get("inputs") or {}))
        if step["op"] in ("create", "replace") and (kind, read_urn(step["urn"]).name) not in but:
            done["created"].add(thing)
        if step["op"] == "update":
            done["changed"].add(thing)
        if step["op"] in ("delete", "replace"):
            old = step.get("oldState") or {}
            gone = (kind, kind.name_in(old.get("inputs") or {}))
            if not kind.stays:
                done["removed"].add(gone)
            elif old.get("retainOnDelete"):
                done["kept"].add(gone)
            else:
                destroyed.add(gone)
    diagnostics = preview.get("diagnostics") or ()
    problems = (each["message"].strip() for each in diagnostics if each.get("severity") == "error")
    warned = (each["message"].strip() for each in diagnostics if each.get("severity") == "warning")
    return Changes(
        **{key: _titles(things) for key, things in done.items()},
        destroyed=_titles(destroyed),
        overwritten=tuple(dict.fromkeys(each for each in warned if OVERWRITTEN in each)),
        problems=tuple(dict.fromkeys(problems)),
    )


def words(found: Changes) -> list[str]:
    """A line for each change."""
    return [
        *(f"create {title}" for title in found.created),
        *(f"change {title}" for title in found.changed),
        *(f"remove {title}" for title in found.removed),
        *(f"no longer manage {title}: it stays in the account, with its data" for title in found.kept),
        *(f"DELETE {title}, with its data" for title in found.destroyed),
        *found.overwritten,
    ]


def capability_changes(before: RoutingTable | None, after: RoutingTable) -> list[str]:
    """What people can ask for that they could not, and no longer; `before` None: there was nothing."""
    old, new = (_offered(table) if table else {} for table in (before, after))
    return [
        *(f"new {what}" for what in sorted(new.keys() - old.keys())),
        *(f"no longer {what}" for what in sorted(old.keys() - new.keys())),
        *(
            f"{what}: {new[what]}, before {old[what]}"
            for what in sorted(new.keys() & old.keys())
            if new[what] != old[what]
        ),
    ]


def markdown(
    found: Changes,
    *,
    risks: Sequence[str] = (),
    capabilities: Sequence[str] = (),
    uses: Sequence[Use] = (),
    title: str = "Preview",
) -> str:
    """The comment on a pull request: what fails, then what deserves a second look (`risks` are of the file), then the
    rest."""
    sections = [f"### {title}"]
    if found.problems:
        sections += ["**It would fail:**", *(f"```\n{problem}\n```" for problem in found.problems)]
    for heading, lines in (
        ("Look at this first", risks),
        ("Deleted, with its data", found.destroyed),
        ("Kept: no longer managed, and still in the account with its data", found.kept),
        ("Taken away, since the file does not say it", found.overwritten),
        ("What people can ask for", capabilities),
        ("Created", found.created),
        ("Changed", found.changed),
        ("Removed", found.removed),
    ):
        if lines:
            sections.append("\n".join([f"**{heading}**", "", *(f"- {line}" for line in lines)]))
    if found.kept:
        sections.append(
            "What is kept comes back, with its data, when it is declared again: `python -m orchestrator adopt`. "
            "`python -m orchestrator destroy-data NAME` is the one way to delete it."
        )
    if len(sections) == 1:
        sections.append("Nothing changes.")
    if uses:
        sections.append(_limits(uses))
    return "\n\n".join(sections) + "\n"


def _titles(things: Collection[tuple[Kind, str]]) -> tuple[str, ...]:
    workers = {name for kind, name in things if kind is Kind.WORKER}
    named = [(kind, name) for kind, name in things if not (kind.of_worker and name in workers)]
    return tuple(kind.titled(name) for kind, name in sorted(named, key=lambda each: (each[0].rank, each)))


def _offered(table: RoutingTable) -> dict[str, str]:
    """Each task and capability, with who does it or what it asks for."""
    by_capability: dict[str, list[str]] = {}
    for route in table.autopilots:
        for capability in route.capabilities:
            by_capability.setdefault(capability, []).append(route.name)
    return {
        **{f"capability {name}": ", ".join(sorted(who)) for name, who in by_capability.items()},
        **{f"task {name}": rule.capability for name, rule in table.tasks.items()},
    }


def _limits(uses: Sequence[Use]) -> str:
    lines = ["| " + " | ".join(cells) + " |" for cells in (COLUMNS, ["---"] * len(COLUMNS), *rows(uses))]
    near = "".join(f"- {warning}\n" for warning in warnings(uses))
    details = "<details><summary>Limits of the plan</summary>\n\n" + "\n".join(lines) + "\n\n</details>"
    return f"{near}\n{details}" if near else details
