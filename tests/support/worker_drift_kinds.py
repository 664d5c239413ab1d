"""The kinds of drift of Workers: their code, bindings and settings."""

from __future__ import annotations

from tests.support.drift_kind import DriftKind, keeper_finds
from tests.support.drift_stack import ARCHIVE, GREETER, HOST, KEEPER, ROUTER
from tests.support.outside import CODE, Outside


def _repoint_namespace(outside: Outside) -> None:
    other = outside.namespace(ARCHIVE)
    outside.bindings(KEEPER, {"NOTES": {"type": "kv_namespace", "namespace_id": other}})


def _put_secret(outside: Outside) -> None:
    secret = {"name": "ADDED_KEY", "text": "value", "type": "secret_text"}
    outside.call("PUT", f"/workers/scripts/{KEEPER}/secrets", json=secret)


_KEEPERS_BINDINGS = (
    *("AI", "AUTOPILOTS", "EFH_COLD", "EFH_FILES", "EFH_LEDGER", "MODE", "NOTES"),
    *("ORCHESTRATOR_MARK", "STAGE"),
)

WORKER_KINDS = (
    DriftKind(
        name="Worker deleted",
        does=lambda outside: outside.delete_worker(GREETER),
        finds=(("missing", "worker", GREETER, ()), ("missing", "customDomain", HOST, ())),
    ),
    DriftKind(
        name="Worker added",
        does=lambda outside: outside.upload("found", CODE),
        finds=(("undeclared", "worker", "found", ()),),
    ),
    DriftKind(
        name="Worker's code changed",
        does=lambda outside: outside.upload(KEEPER, CODE, path="/content"),
        finds=keeper_finds("content"),
    ),
    DriftKind(
        name="Worker deployed from somewhere else",
        does=lambda outside: outside.upload(KEEPER, CODE, compatibility_date="2026-01-01"),
        finds=keeper_finds(
            "content",
            "compatibility_date",
            "observability.enabled",
            *(f"bindings.{name}" for name in _KEEPERS_BINDINGS),
        ),
    ),
    DriftKind(
        name="binding removed",
        does=lambda outside: outside.bindings(KEEPER, {"NOTES": None}),
        finds=keeper_finds("bindings.NOTES"),
    ),
    DriftKind(name="namespace's binding re-pointed", does=_repoint_namespace, finds=keeper_finds("bindings.NOTES")),
    DriftKind(
        name="bucket's binding re-pointed",
        does=lambda outside: outside.bindings(KEEPER, {"EFH_FILES": {"type": "r2_bucket", "bucket_name": "efh-cold"}}),
        finds=keeper_finds("bindings.EFH_FILES"),
    ),
    DriftKind(
        name="service binding re-pointed",
        does=lambda outside: outside.bindings(ROUTER, {"EFH_GREETER": {"type": "service", "service": KEEPER}}),
        finds=(("changed", "worker", ROUTER, ("bindings.EFH_GREETER",)),),
    ),
    DriftKind(
        name="database's binding removed",
        does=lambda outside: outside.bindings(ROUTER, {"DB": None}),
        finds=(("changed", "worker", ROUTER, ("bindings.DB",)),),
    ),
    DriftKind(
        name="AI binding removed",
        does=lambda outside: outside.bindings(KEEPER, {"AI": None}),
        finds=keeper_finds("bindings.AI"),
    ),
    DriftKind(
        name="variable added",
        does=lambda outside: outside.bindings(KEEPER, {"ADDED": {"type": "plain_text", "text": "value"}}),
        finds=keeper_finds("bindings.ADDED"),
    ),
    DriftKind(
        name="variable changed",
        does=lambda outside: outside.bindings(KEEPER, {"MODE": {"type": "plain_text", "text": "careless"}}),
        finds=keeper_finds("bindings.MODE"),
    ),
    DriftKind(
        name="variable made a secret",
        does=lambda outside: outside.bindings(KEEPER, {"MODE": {"type": "secret_text", "text": "careful"}}),
        finds=keeper_finds("bindings.MODE"),
    ),
    DriftKind(
        name="secret added", does=_put_secret, finds=(("undeclared", "worker", KEEPER, ("bindings.ADDED_KEY",)),)
    ),
    DriftKind(
        name="secret removed",
        does=lambda outside: outside.call("DELETE", f"/workers/scripts/{KEEPER}/secrets/ACCESS_KEY"),
        finds=keeper_finds("bindings.ACCESS_KEY"),
    ),
    DriftKind(
        name="secret made a variable",
        does=lambda outside: outside.bindings(KEEPER, {"ACCESS_KEY": {"type": "plain_text", "text": "placeholder"}}),
        finds=keeper_finds("bindings.ACCESS_KEY"),
    ),
    DriftKind(
        name="compatibility date changed",
        does=lambda outside: outside.settings(KEEPER, compatibility_date="2026-01-01"),
        finds=keeper_finds("compatibility_date"),
    ),
    DriftKind(
        name="compatibility flags changed",
        does=lambda outside: outside.settings(ROUTER, compatibility_flags=[]),
        finds=(("changed", "worker", ROUTER, ("compatibility_flags",)),),
    ),
    DriftKind(
        name="placement changed",
        does=lambda outside: outside.settings(KEEPER, placement={"mode": "smart"}),
        finds=keeper_finds("placement"),
    ),
    DriftKind(
        name="limit set",
        does=lambda outside: outside.settings(KEEPER, limits={"cpu_ms": 50}),
        finds=keeper_finds("limits.cpu_ms"),
    ),
    DriftKind(
        name="observability switched off",
        does=lambda outside: outside.script_settings(KEEPER, observability={"enabled": False}),
        finds=keeper_finds("observability.enabled"),
    ),
    DriftKind(
        name="logs sampled",
        does=lambda outside: outside.script_settings(
            KEEPER, observability={"enabled": True, "head_sampling_rate": 0.1}
        ),
        finds=keeper_finds("observability.head_sampling_rate"),
    ),
    DriftKind(
        name="logpush switched on",
        does=lambda outside: outside.script_settings(KEEPER, logpush=True),
        finds=keeper_finds("logpush"),
    ),
    DriftKind(
        name="tail consumer added",
        does=lambda outside: outside.script_settings(KEEPER, tail_consumers=[{"service": GREETER}]),
        finds=keeper_finds("tail_consumers"),
    ),
)
