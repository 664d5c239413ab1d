"""What a diagnosis says: the document of `/autopilot/diagnose`, whoever made it, and how a person reads it.

`token`, `resources` and `timestamp` are what scripts have always read; `permissions`, `missing` and `checks` stand
beside them. The Worker makes the same document in `router/src/diagnose/diagnose.ts`.

Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orchestrator.checks.check import Check, CheckState, exit_code, to_objects
from orchestrator.desired.derive import Desired
from orchestrator.errors import CloudflareError
from orchestrator.kinds import Kind, word_of

if TYPE_CHECKING:
    from orchestrator.cloudflare.survey import Survey

Document = Mapping[str, Any]
_STATES: Mapping[str, CheckState] = {"pass": "ok", "warn": "problem", "fail": "problem", "unknown": "unknown"}
_AUTOPILOT = "autopilot "  # begins the name of a check
_RESOURCES = {"kv": Kind.KV_NAMESPACE, "r2": Kind.R2_BUCKET, "workers": Kind.WORKER}
_NO_EDIT = "`pulumi up` needs it"


def document(
    survey: Survey, desired: Desired, other_buckets: set[str], checks: Sequence[Check], *, now: datetime
) -> dict[str, Any]:
    """The document; a list that could not be read is null. `other_buckets`: of other jurisdictions than the default.

    Raises the survey's CloudflareError where the token itself was not taken: then there is nothing to tell.
    """
    if isinstance(survey.token, CloudflareError):
        raise survey.token
    kv, r2, workers = survey.kv, survey.r2, survey.workers
    return {
        "token": {"id": survey.token.id, "status": survey.token.status},
        "resources": {
            "kv": None if isinstance(kv, CloudflareError) else [{"id": kv[name], "title": name} for name in sorted(kv)],
            "r2": None if isinstance(r2, CloudflareError) else [{"name": name} for name in sorted(r2 | other_buckets)],
            "workers": None if isinstance(workers, CloudflareError) else sorted(workers),
        },
        "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "permissions": [
            {"name": each.name, "status": each.state, **({"note": _NO_EDIT} if each.state == "missing" else {})}
            for each in survey.grants
        ],
        "missing": _missing(survey, desired, other_buckets),
        "checks": to_objects(checks),
    }


def _missing(survey: Survey, desired: Desired, other_buckets: set[str]) -> list[dict[str, str]]:
    """What is declared and absent, by the names of autopilots.yaml; nothing of a list that could not be read."""
    kinds: list[tuple[Kind, Mapping[str, str], Any]] = [
        (Kind.KV_NAMESPACE, {each.key: each.title for each in desired.kv_namespaces}, survey.kv),
        (Kind.R2_BUCKET, {each.key: each.name for each in desired.r2_buckets}, survey.r2),
        (Kind.D1_DATABASE, {each.key: each.name for each in desired.d1_databases}, survey.d1),
        (Kind.WORKER, {each.key: each.name for each in desired.workers}, survey.workers),
    ]
    return [
        {"kind": kind, "name": key}
        for kind, declared, live in kinds
        if not isinstance(live, CloudflareError)
        for key, name in declared.items()
        if name not in live and name not in (other_buckets if kind is Kind.R2_BUCKET else ())
    ]


def _heal(stack: str | None) -> str:
    return "python -m orchestrator heal" + (f" -s {stack}" if stack else "")


def health_checks(health: Document, stack: str | None = None) -> list[Check]:
    """What the routing Worker's `/health` says of its cron, then of each autopilot by name; `stack` as next_steps."""
    checks = []
    for name, (first, *_) in sorted(health["checks"].items()):
        part, _, about = name.rpartition(":")
        if name == "orchestrator:cron":
            said, fix = "cron", _heal(stack)
        elif about == "health":
            said, fix = f"{_AUTOPILOT}{part}", "look at the Worker's logs: wrangler tail, or `make logs`"
        else:
            continue
        state = _STATES.get(first["status"], "unknown")
        detail = first.get("output") or first["status"]
        checks.append(Check(name=said, state=state, detail=detail, fix=fix if state == "problem" else ""))
    return sorted(checks, key=_is_of_an_autopilot)


def router_fix(stack: str, *, is_new: bool, under_workers_dev: bool) -> str:
    """What to do where the routing Worker does not answer; `is_new`: the account has it, and no DNS its name."""
    if not is_new:
        return f"pulumi up -s {stack}"
    if under_workers_dev:
        return (
            f"a new workers.dev subdomain is known after some minutes: then python -m orchestrator diagnose -s {stack}"
        )
    return f"workersUrl names another place: pulumi config rm workersUrl -s {stack}, then pulumi up -s {stack}"


def _is_of_an_autopilot(check: Check) -> bool:
    return check.name.startswith(_AUTOPILOT)


def verdict(document: Document) -> int:
    """The exit code: 2 where something is missing or wrong, 1 where something could not be found out, 0 else."""
    found = exit_code([Check(name=each["name"], state=each["state"], detail="") for each in document["checks"]])
    if document["missing"] or any(each["status"] == "missing" and not _is_enough(each) for each in _grants(document)):
        return 2
    return max(found, 1) if any(each["status"] == "unknown" for each in _grants(document)) else found


def _grants(document: Document) -> list[dict[str, Any]]:
    permissions: list[dict[str, Any]] = document["permissions"]
    return permissions


def _is_enough(permission: Mapping[str, Any]) -> bool:
    """The routing Worker's own token only reads: of a missing Edit it says that it needs none."""
    return not permission.get("needed", True)


def rows(document: Document) -> list[list[str]]:
    """A row for each thing, for the columns of `orchestrator.checks.check`: no two of one name, autopilots last."""
    token = document["token"]
    found = [["token", "ok" if token["status"] == "active" else "problem", f"{token['status']}: {token['id']}"]]
    for each in _grants(document):
        state = "not needed" if _is_enough(each) else each["status"]
        found.append([f"permission {each['name']}", state, each.get("note", "")])
    for kind, items in document["resources"].items():
        named = [item if isinstance(item, str) else item.get("title") or item["name"] for item in items or []]
        detail = "could not be read" if items is None else f"{len(named)}: {', '.join(named)}".rstrip(": ")
        found.append([f"{_RESOURCES[kind].word}s", "unknown" if items is None else "", detail])
    for each in document["missing"]:
        found.append([f"{word_of(each['kind'])} {each['name']}", "missing", "declared, and not there"])
    checks = sorted(document["checks"], key=lambda each: str(each["name"]).startswith(_AUTOPILOT))
    return found + [[each["name"], each["state"], each["detail"]] for each in checks]


def next_steps(document: Document, stack: str | None = None) -> list[str]:
    """What to do, a line each; `stack`: the one that was diagnosed, where that is known."""
    steps = [f"{each['name']}: {each['fix']}" for each in document["checks"] if each.get("fix")]
    if document["missing"]:
        steps.append(f"what is missing: {_heal(stack)}")
    return steps
