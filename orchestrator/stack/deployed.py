"""What a stack was deployed from: written into its state by each `pulumi up`, and held against what heal would apply.

A heal applies the file, the code and the settings that it finds beside it. From an older commit that would roll the
account back. So the program puts a record into the state, before anything else: a hash of all that it declares is its
name, and the commit, for people, what is in it. The same hash keeps the record as it is, so a commit that changes
nothing of what is declared changes nothing in the state. A new one is made at the beginning of an update, and the old
one goes at its end: while both are there, an update has not ended. docs/decisions/0020-heal-only-what-is-deployed.md.

Pure.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.desired.derive import Desired
from orchestrator.errors import NotDeployedError
from orchestrator.kinds import read_urn
from orchestrator.names import WEBHOOK_SECRET

RECORD_TYPE = "pulumi:index:Stash"
RECORD_PREFIX = "deployed-"
_STACK_TYPE = "pulumi:pulumi:Stack"
DIRTY = "-dirty"  # as `git describe --dirty` marks what was not committed
SETTINGS = ("accountId", "keepData", "workersUrl", "journalDays")
"""The plain settings of a stack that change what is declared, beside those that a Desired has in it."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A record: the hash of what was declared, the commit (empty where it is not known), since when."""

    hash: str
    commit: str
    since: str


def deployment_hash(desired: Desired, modules: Mapping[str, str], *, settings: Mapping[str, str], secrets: str) -> str:
    """16 hex digits that tell what is declared from anything else that could be.

    `modules`: the SHA-256 of each Worker's module by key; `settings`: the stack's plain ones, of which SETTINGS count;
    `secrets`: as `secrets_digest` gives it.
    """
    counted = {key: settings[key] for key in SETTINGS if settings.get(key)}
    declared = [_plain(desired), dict(modules), counted, secrets]
    return hashlib.sha256(json.dumps(declared, sort_keys=True).encode()).hexdigest()[:16]


def secrets_digest(secrets: Mapping[str, str]) -> str:
    """What tells these values from others and says nothing of them: keyed by the webhook secret, which nobody guesses.

    `secrets`: the values by the names that Workers bind.
    """
    key = secrets.get(WEBHOOK_SECRET, "").encode()
    return hmac.new(key, json.dumps(dict(secrets), sort_keys=True).encode(), hashlib.sha256).hexdigest()


def deployments(exported: Mapping[str, Any]) -> list[Deployment]:
    """The records in a stack's state, as exported, the oldest first; several where an update has not ended."""
    found = []
    for each in (exported.get("deployment") or {}).get("resources") or []:
        name = read_urn(each["urn"]).name
        if each["type"] == RECORD_TYPE and name.startswith(RECORD_PREFIX) and not each.get("delete"):
            found.append(
                Deployment(
                    hash=name.removeprefix(RECORD_PREFIX),
                    commit=str((each.get("inputs", {}).get("input") or {}).get("commit", "")),
                    since=str(each.get("created", "")),
                )
            )
    return sorted(found, key=lambda each: each.since)


def require_deployed(exported: Mapping[str, Any], here: str, *, commit: str, stack: str) -> None:
    """Raise NotDeployedError where the stack was last deployed from something else than what has the hash `here`.

    `commit`: the one that is checked out here, as `checked_out` tells it.
    """
    known = deployments(exported)
    resources = (exported.get("deployment") or {}).get("resources") or []
    # An update that was refused leaves the stack itself.
    is_new = all(each["type"] == _STACK_TYPE for each in resources)
    if is_new or (known and known[-1].hash == here):
        return
    mean_it = f"to heal to what is here all the same: python -m orchestrator heal -s {stack} --from-here"
    deploy = f"to deploy what is here: pulumi up -s {stack} (pulumi preview -s {stack} shows what it changes)"
    if not known:
        raise NotDeployedError(
            f"nothing was healed: the stack {stack} has no record of what it was deployed from; the version that "
            "deployed it kept none",
            f"{deploy}; that update records it\n  {mean_it}",
        )
    last = known[-1]
    whole = "" if len(known) == 1 else ", and that deployment has not finished"
    deployed = last.commit.removesuffix(DIRTY)
    since = f" at {last.since}" if last.since else ""
    if not deployed or last.commit.endswith(DIRTY):
        source = f"commit {deployed} with uncommitted changes" if deployed else "a folder that is no git checkout"
        way = "to heal: run it where it was deployed from"
    elif deployed == commit.removesuffix(DIRTY):
        source = f"commit {deployed}, which is checked out here"
        way = (
            "to heal what is deployed: take back what was edited since (git status), or set in the stack "
            f"(pulumi config -s {stack})"
        )
    else:
        source = f"commit {deployed}"
        way = f"to heal what is deployed: git checkout {deployed}"
    raise NotDeployedError(
        f"nothing was healed: the stack {stack} was deployed from {source}{since}{whole}, and what is here would "
        "change it",
        f"{way}\n  {deploy}\n  {mean_it}",
    )


def _plain(value: Any) -> Any:
    """As JSON knows it, with the names of the types: bindings of two kinds may have the same fields."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"": type(value).__name__, **fields}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(_plain(each) for each in value)
    return [_plain(each) for each in value] if isinstance(value, (list, tuple)) else value
