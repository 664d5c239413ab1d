"""Edits of the file and of the configuration that name another store than the stack's Workers have.

Each makes the drift stack's Workers see something else, or stops before it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.drift_stack import LEDGER, MANIFEST, ROUTER

Manifest = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class StoreEdit:
    """`file` edits a manifest in place; `prefix` is the stack's `namePrefix` after it. `empties`: what a Worker, or the
    stack, would have in place of what is full, by kind and name."""

    file: Callable[[Manifest], None] = lambda _: None
    prefix: str | None = None
    empties: tuple[str, ...]

    def manifest(self) -> Manifest:
        edited = copy.deepcopy(MANIFEST)
        self.file(edited)
        return edited


def _needs(manifest: Manifest, autopilot: str) -> dict[str, Any]:
    needs: dict[str, Any] = next(each for each in manifest["autopilots"] if each["name"] == autopilot)["needs"]
    return needs


def _title(manifest: Manifest) -> None:
    _needs(manifest, "keeper")["kvNamespaces"] = ["NOTEBOOK"]


def _worker_and_title(manifest: Manifest) -> None:
    keeper = next(each for each in manifest["autopilots"] if each["name"] == "keeper")
    keeper["worker"] = keeper["needs"]["workers"][0]["name"] = "efh-clerk"
    _title(manifest)


def _bucket_name(manifest: Manifest) -> None:
    _needs(manifest, "keeper")["r2Buckets"][0] = "efh-papers"


def _jurisdiction_added(manifest: Manifest) -> None:
    _needs(manifest, "keeper")["r2Buckets"][0] = {"name": "efh-files", "jurisdiction": "eu"}


def _jurisdiction_lost(manifest: Manifest) -> None:
    _needs(manifest, "archivist")["r2Buckets"] = ["efh-archive"]


def _router(manifest: Manifest) -> None:
    manifest["orchestrator"]["worker"] = "efh-router-2"


def _database(manifest: Manifest) -> None:
    manifest["orchestrator"]["database"] = "efh-records"


def _ledger_name(manifest: Manifest) -> None:
    _needs(manifest, "keeper")["d1Databases"] = ["efh-accounts"]


STORE_EDITS: Mapping[str, StoreEdit] = {
    "title": StoreEdit(file=_title, empties=("KV namespace NOTEBOOK",)),
    "Worker's name and title": StoreEdit(file=_worker_and_title, empties=("KV namespace NOTEBOOK",)),
    "bucket's name": StoreEdit(file=_bucket_name, empties=("R2 bucket efh-papers",)),
    "jurisdiction added": StoreEdit(file=_jurisdiction_added, empties=("R2 bucket efh-files (eu)",)),
    "jurisdiction lost": StoreEdit(file=_jurisdiction_lost, empties=("R2 bucket efh-archive (default)",)),
    "router's name": StoreEdit(file=_router, empties=("D1 database efh-router-2",)),
    "database's name": StoreEdit(file=_database, empties=("D1 database efh-records",)),
    "autopilot's database's name": StoreEdit(file=_ledger_name, empties=("D1 database efh-accounts",)),
    "prefix": StoreEdit(
        prefix="team-",
        empties=(
            "R2 bucket team-efh-files",
            "R2 bucket team-efh-archive",
            f"D1 database team-{LEDGER}",
            f"D1 database team-{ROUTER}",
        ),
    ),
}
