"""One KV namespace, R2 bucket or D1 database of an account, found by its name, and which Workers are bound to it.

Touches the network, by the Account that it is given, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from orchestrator.cloudflare.account import Account
from orchestrator.data.parallel import in_parallel
from orchestrator.errors import CloudflareError, UserError
from orchestrator.kinds import kind_of_short
from orchestrator.nearest import nearest_names

Kind = Literal["kv", "r2", "d1"]
KINDS: tuple[Kind, ...] = ("kv", "r2", "d1")
JURISDICTIONS = ("default", "eu", "fedramp")
_NOT_FOUND = 404
_R2_IS_OFF = (10042, 10136)
_NO_SUCH_JURISDICTION = (400, 403, 404)

Progress = Callable[[str], None]
"""Takes a short text about how far long work is; each replaces the one before."""


@dataclass(frozen=True, kw_only=True)
class Store:
    """`name` is the one in the account, with its prefix; `id` a bucket's name again; `jurisdiction` only a bucket's."""

    kind: Kind
    name: str
    id: str
    jurisdiction: str = "default"

    @property
    def title(self) -> str:
        return f"{kind_of_short(self.kind).word} {self.name}"

    @property
    def headers(self) -> dict[str, str]:
        """What every call for a bucket must carry."""
        return {"cf-r2-jurisdiction": self.jurisdiction} if self.kind == "r2" else {}

    def is_bound_by(self, binding: Mapping[str, Any]) -> bool:
        """Whether a Worker's binding, as the API lists it, is to this."""
        match self.kind:
            case "kv":
                return binding.get("type") == "kv_namespace" and binding.get("namespace_id") == self.id
            case "r2":
                same = (binding.get("bucket_name"), binding.get("jurisdiction") or "default")
                return binding.get("type") == "r2_bucket" and same == (self.name, self.jurisdiction)
            case "d1":
                return binding.get("type") == "d1" and self.id in (binding.get("id"), binding.get("database_id"))


def find(account: Account, name: str, kind: Kind | None = None) -> Store:
    """The one thing of that name. Raises UserError where there is none, or more than one."""
    stores = [store for each in (kind,) if each for store in _all(account, each)] if kind else everything(account)
    found = [store for store in stores if store.name == name]
    if len(found) == 1:
        return found[0]
    if found:
        kinds = ", ".join(f"{store.title} ({store.jurisdiction})" for store in found)
        raise UserError(f"there are several things named {name}: {kinds}", "say which: --kind kv, r2 or d1")
    near = nearest_names(name, sorted({store.name for store in stores}))
    what = kind_of_short(kind).word if kind else "KV namespace, R2 bucket or D1 database"
    raise UserError(
        f"the account has no {what} named {name}",
        f"the nearest names: {', '.join(near)}" if near else "`python -m orchestrator show` prints the declared names",
    )


def everything(account: Account) -> list[Store]:
    """All that holds data in the account."""
    return [store for kind in KINDS for store in _all(account, kind)]


def bound_workers(account: Account, store: Store, progress: Progress) -> tuple[str, ...]:
    """The Workers of the whole account that are bound to `store`, declared or not: one call for each Worker."""
    names = sorted(account.workers())
    bound = []

    def bindings(name: str) -> list[Mapping[str, Any]]:
        try:
            settings = account.call("GET", f"/workers/scripts/{name}/settings")["result"]
        except CloudflareError as error:
            if error.status == _NOT_FOUND:  # removed since the list was read
                return []
            raise
        return list(settings.get("bindings") or ())

    for number, (name, found) in enumerate(zip(names, in_parallel(bindings, names), strict=True), 1):
        progress(f"looking at the bindings of Worker {number} of {len(names)}")
        if any(store.is_bound_by(binding) for binding in found):
            bound.append(name)
    return tuple(bound)


def _all(account: Account, kind: Kind) -> list[Store]:
    match kind:
        case "kv":
            return [Store(kind=kind, name=title, id=id) for title, id in account.kv_namespaces().items()]
        case "d1":
            return [Store(kind=kind, name=name, id=id) for name, id in account.d1_databases().items()]
        case "r2":
            return [
                Store(kind=kind, name=name, id=name, jurisdiction=jurisdiction)
                for jurisdiction in JURISDICTIONS
                for name in sorted(_buckets(account, jurisdiction))
            ]


def _buckets(account: Account, jurisdiction: str) -> set[str]:
    """None where R2 is off, or the plan has no such jurisdiction."""
    try:
        return account.r2_buckets(jurisdiction)
    except CloudflareError as error:
        elsewhere = jurisdiction != "default" and error.status in _NO_SUCH_JURISDICTION
        if error.api_code in _R2_IS_OFF or elsewhere:
            return set()
        raise
