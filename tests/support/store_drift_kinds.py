"""The kinds of drift of what holds data: namespaces, buckets and databases."""

from __future__ import annotations

from tests.support.drift_kind import DriftKind, keeper_finds
from tests.support.drift_stack import ARCHIVE, KEEPER, LEDGER, ROUTER
from tests.support.outside import Outside


def _remake_namespace(outside: Outside) -> None:
    outside.delete_namespace(ARCHIVE)
    outside.create_namespace(ARCHIVE)


def _unbind_and_delete_namespace(outside: Outside) -> None:
    outside.bindings(KEEPER, {"NOTES": None})
    outside.delete_namespace("NOTES")


def _rename_namespace(outside: Outside) -> None:
    outside.call("PUT", f"/storage/kv/namespaces/{outside.namespace(ARCHIVE)}", json={"title": "ATTIC"})


def _remake_bucket(outside: Outside) -> None:
    outside.delete_bucket("efh-archive", "eu")
    outside.create_bucket("efh-archive", "eu")


def _storage_class(outside: Outside) -> None:
    outside.call("PATCH", "/r2/buckets/efh-cold", headers={"cf-r2-storage-class": "Standard"})


def _remake_database(outside: Outside) -> None:
    outside.delete_database(ROUTER)
    outside.create_database(ROUTER)


def _replicate(outside: Outside) -> None:
    path = f"/d1/database/{outside.database(ROUTER)}"
    outside.call("PUT", path, json={"read_replication": {"mode": "auto"}})


def _set_up_bucket(outside: Outside) -> None:
    """Public, under two names; usable from pages; emptied after a day; and locked."""
    bucket = "/r2/buckets/efh-files"
    domain = {"domain": "files.example.com", "enabled": True, "zoneId": "0" * 32}
    expiry = {"condition": {"type": "Age", "maxAge": 86400}}
    rule = {"id": "tidy", "enabled": True, "conditions": {"prefix": ""}, "deleteObjectsTransition": expiry}
    lock = {"id": "hold", "enabled": True, "condition": {"type": "Indefinite"}}
    outside.call("PUT", f"{bucket}/domains/managed", json={"enabled": True})
    outside.call("POST", f"{bucket}/domains/custom", json=domain)
    outside.call("PUT", f"{bucket}/cors", json={"rules": [{"allowed": {"methods": ["GET"], "origins": ["*"]}}]})
    outside.call("PUT", f"{bucket}/lifecycle", json={"rules": [rule]})
    outside.call("PUT", f"{bucket}/lock", json={"rules": [lock]})


STORE_KINDS = (
    DriftKind(
        name="namespace deleted",
        does=lambda outside: outside.delete_namespace(ARCHIVE),
        finds=(("missing", "kvNamespace", ARCHIVE, ()),),
        lost=(ARCHIVE,),
    ),
    DriftKind(
        name="namespace deleted and recreated",
        does=_remake_namespace,
        finds=(("changed", "kvNamespace", ARCHIVE, ("id",)),),
        lost=(ARCHIVE,),
    ),
    DriftKind(
        name="bound namespace deleted, after its binding",
        does=_unbind_and_delete_namespace,
        finds=(("missing", "kvNamespace", "NOTES", ()), *keeper_finds("bindings.NOTES")),
        lost=("NOTES",),
    ),
    DriftKind(
        name="namespace renamed", does=_rename_namespace, finds=(("changed", "kvNamespace", ARCHIVE, ("name",)),)
    ),
    DriftKind(
        name="namespace added",
        does=lambda outside: outside.create_namespace("FOUND"),
        finds=(("undeclared", "kvNamespace", "FOUND", ()),),
    ),
    DriftKind(
        name="bucket deleted",
        does=lambda outside: outside.delete_bucket("efh-archive", "eu"),
        finds=(("missing", "r2Bucket", "efh-archive", ()),),
        lost=("efh-archive",),
    ),
    DriftKind(
        name="bound bucket deleted",
        does=lambda outside: outside.delete_bucket("efh-files"),
        finds=(("missing", "r2Bucket", "efh-files", ()),),
        lost=("efh-files",),
    ),
    DriftKind(
        name="bucket deleted and recreated",
        does=_remake_bucket,
        finds=(("changed", "r2Bucket", "efh-archive", ("creation_date",)),),
        lost=("efh-archive",),
    ),
    DriftKind(
        name="bucket's storage class changed",
        does=_storage_class,
        finds=(("changed", "r2Bucket", "efh-cold", ("storage_class",)),),
    ),
    DriftKind(
        name="bucket added",
        does=lambda outside: outside.create_bucket("efh-found"),
        finds=(("undeclared", "r2Bucket", "efh-found", ()),),
    ),
    DriftKind(
        name="bucket of a declared name added in another jurisdiction",
        does=lambda outside: outside.create_bucket("efh-files", "eu"),
        finds=(("undeclared", "r2Bucket", "efh-files", ("jurisdiction",)),),
    ),
    DriftKind(
        name="bucket made public, and given rules",
        does=_set_up_bucket,
        finds=(
            (
                "undeclared",
                "r2Bucket",
                "efh-files",
                ("public access", "custom domain files.example.com", "CORS", "lifecycle rule tidy", "lock hold"),
            ),
        ),
        full=True,
    ),
    DriftKind(
        name="database deleted",
        does=lambda outside: outside.delete_database(ROUTER),
        finds=(("missing", "d1Database", ROUTER, ()),),
        lost=(ROUTER,),
    ),
    DriftKind(
        name="autopilot's database deleted",
        does=lambda outside: outside.delete_database(LEDGER),
        finds=(("missing", "d1Database", LEDGER, ()),),
        lost=(LEDGER,),
    ),
    DriftKind(
        name="database deleted and recreated",
        does=_remake_database,
        finds=(("changed", "d1Database", ROUTER, ("id",)),),
        lost=(ROUTER,),
    ),
    DriftKind(
        name="database's read replication switched on",
        does=_replicate,
        finds=(("changed", "d1Database", ROUTER, ("read_replication",)),),
    ),
    DriftKind(
        name="database added",
        does=lambda outside: outside.create_database("found"),
        finds=(("undeclared", "d1Database", "found", ()),),
    ),
)
