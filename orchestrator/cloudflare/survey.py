"""What an account looks like from outside: the token, its permissions, and what there is. For `doctor` and `diagnose`.

Touches the network through the Account that it is given, and changes nothing: lists, and writes that can never be
valid (`permissions`). The token comes first: where nothing answers, nothing more is asked. About a dozen calls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from orchestrator.cloudflare.account import Account
from orchestrator.cloudflare.permissions import GrantState, Permission, grant_state, needed
from orchestrator.errors import CloudflareError
from orchestrator.kinds import Kind

_AT_ONCE = 6
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Token:
    """What Cloudflare says of the API token; `status` is active, disabled or expired."""

    id: str
    status: str


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Whether the token has one permission, and where that is not known, why."""

    name: str
    state: GrantState
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Survey:
    """Each part is what was read, or the error that came in its place. `kv` and `d1`: ids by name."""

    token: Token | CloudflareError
    grants: tuple[Grant, ...]
    subdomain: str | CloudflareError
    kv: dict[str, str] | CloudflareError
    r2: set[str] | CloudflareError
    d1: dict[str, str] | CloudflareError
    workers: tuple[str, ...] | CloudflareError
    other_accounts: tuple[str, ...] = field(default=())


def take_survey(account: Account, *, queues: bool = False) -> Survey:
    """Ask for everything that can be asked; a refusal is part of the answer, so none is raised. `queues`: whether the
    file has any, which take a permission of their own."""
    token = _read(lambda: verify_token(account))
    permissions = needed(queues=queues)
    if isinstance(token, CloudflareError) or token.status != "active":
        return _nothing_read(token, permissions)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        grants = [pool.submit(_probe, account, permission) for permission in permissions]
        subdomain = pool.submit(_read, account.workers_subdomain)
        kv = pool.submit(_read, lambda: account.names(Kind.KV_NAMESPACE))
        r2 = pool.submit(_read, lambda: set(account.names(Kind.R2_BUCKET)))
        d1 = pool.submit(_read, lambda: account.names(Kind.D1_DATABASE))
        workers = pool.submit(_read, lambda: tuple(account.names(Kind.WORKER)))
        granted = tuple(grant.result() for grant in grants)
        return Survey(
            token=token,
            grants=granted,
            subdomain=subdomain.result(),
            kv=kv.result(),
            r2=r2.result(),
            d1=d1.result(),
            workers=workers.result(),
            other_accounts=() if any(grant.state == "granted" for grant in granted) else _other_accounts(account),
        )


def _nothing_read(token: Token | CloudflareError, permissions: Sequence[Permission]) -> Survey:
    error = token if isinstance(token, CloudflareError) else CloudflareError(f"the API token is {token.status}")
    grants = tuple(Grant(name=each.name, state="unknown", detail=error.message) for each in permissions)
    return Survey(token=token, grants=grants, subdomain=error, kv=error, r2=error, d1=error, workers=error)


def _read(read: Callable[[], _T]) -> _T | CloudflareError:
    try:
        return read()
    except CloudflareError as error:
        return error


def verify_token(account: Account) -> Token:
    """What Cloudflare says of the token. A user's is known to one address, an account's own to another.

    Raises CloudflareError where it is not taken, or nobody answers.
    """
    try:
        result = account.result("GET", "/user/tokens/verify", in_account=False)
    except CloudflareError as refused:
        if refused.status not in (400, 401, 403, 404):
            raise
        try:
            result = account.result("GET", "/tokens/verify")
        except CloudflareError as refused_too:
            raise (refused_too if refused_too.status == 0 else refused) from None
    return Token(id=str(result["id"]), status=str(result["status"]))


def _probe(account: Account, permission: Permission) -> Grant:
    """A call that can never be valid, so it may be sent again, and is refused for one of two reasons."""
    options: dict[str, Any] = {} if permission.body is None else {"json": permission.body}
    try:
        account.call(permission.method, permission.path, repeatable=True, **options)
    except CloudflareError as refused:
        state = grant_state(refused.status, refused.api_code)
        return Grant(name=permission.name, state=state, detail=refused.message if state == "unknown" else "")
    return Grant(name=permission.name, state="granted")


def _other_accounts(account: Account) -> tuple[str, ...]:
    """The accounts that the token can see, other than this one: `name (id)` each."""
    listed = _read(lambda: account.result("GET", "/accounts", in_account=False))
    if isinstance(listed, CloudflareError):
        return ()
    return tuple(f"{each['name']} ({each['id']})" for each in listed if each["id"] != account.account_id)
