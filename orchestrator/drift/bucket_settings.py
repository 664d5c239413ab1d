"""What a bucket is set up with that the file cannot say: who can read it from outside, and what becomes of its objects.

Nobody declares it, so it is told and left alone. The rule by which every bucket gives up uploads that were never
completed is no finding. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.drift.findings import Difference

_DAY_S = 86_400


@dataclass(frozen=True, kw_only=True)
class BucketSettings:
    """As the API tells it: the r2.dev domain, custom domains, and the rules of CORS, of the lifecycle and of locks."""

    managed: Mapping[str, Any] = field(default_factory=dict)
    domains: tuple[Mapping[str, Any], ...] = ()
    cors: tuple[Mapping[str, Any], ...] = ()
    lifecycle: tuple[Mapping[str, Any], ...] = ()
    locks: tuple[Mapping[str, Any], ...] = ()


def bucket_settings(told: Mapping[str, Mapping[str, Any]]) -> BucketSettings:
    """Of the answers, by the last part of each path."""
    return BucketSettings(
        managed=told["domains/managed"],
        domains=tuple(told["domains/custom"].get("domains") or ()),
        **{
            name: tuple(told[part].get("rules") or ())
            for name, part in (("cors", "cors"), ("lifecycle", "lifecycle"), ("locks", "lock"))
        },
    )


def undeclared_settings(told: BucketSettings) -> Iterator[Difference]:
    if told.managed.get("enabled"):
        yield _found("public access", f"everybody can read it at https://{told.managed.get('domain')}")
    for each in told.domains:
        words = f"everybody can read it at https://{each.get('domain')}" if each.get("enabled") else "switched off"
        yield _found(f"custom domain {each.get('domain')}", words)
    for each in told.cors:
        origins = ", ".join((each.get("allowed") or {}).get("origins") or ())
        yield _found("CORS", f"pages of {origins or 'no origin'} may use it")
    for each in told.lifecycle:
        if done := list(_done(each)):
            yield _found(f"lifecycle rule {each.get('id')}", f"{' and '.join(done)}{_where(each)}{_off(each)}")
    for each in told.locks:
        kept = _when(each.get("condition") or {}, age="maxAgeSeconds", after="for", on="until") or "for ever"
        yield _found(f"lock {each.get('id')}", f"keeps objects {kept}{_where(each)}{_off(each)}")


def _done(rule: Mapping[str, Any]) -> Iterator[str]:
    """What a rule does to objects."""
    if deletes := rule.get("deleteObjectsTransition"):
        yield f"DELETES objects {_when(deletes.get('condition') or {})}".rstrip()
    for each in rule.get("storageClassTransitions") or ():
        yield f"moves objects to {each.get('storageClass')} {_when(each.get('condition') or {})}".rstrip()


def _when(condition: Mapping[str, Any], *, age: str = "maxAge", after: str = "after", on: str = "on") -> str:
    if age in condition:
        return f"{after} {condition[age] / _DAY_S:g} days"
    return f"{on} {condition['date']}" if "date" in condition else ""


def _where(rule: Mapping[str, Any]) -> str:
    prefix = (rule.get("conditions") or {}).get("prefix") or rule.get("prefix")
    return f" under {prefix}" if prefix else ""


def _off(rule: Mapping[str, Any]) -> str:
    return "" if rule.get("enabled", True) else " (switched off)"


def _found(path: str, words: str) -> Difference:
    return Difference(path=path, desired=None, live=words)
