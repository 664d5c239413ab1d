"""API tokens, their permissions, and who may make a call.

The main token is given at the start and may do everything. Others are minted through `/_local/tokens` with a chosen
set of permissions, as one does in the dashboard, so that "this token lacks one" can be tried. A permission is named as
in Cloudflare's list of permission groups; the dashboard says "Edit" where the API says "Write", and both are taken.

Only a hash of a minted token is stored; it is shown once.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from local_cloudflare.api import errors
from local_cloudflare.api.store import Store

WORKERS_READ = "Workers Scripts Read"
WORKERS_WRITE = "Workers Scripts Write"
KV_READ = "Workers KV Storage Read"
KV_WRITE = "Workers KV Storage Write"
R2_READ = "Workers R2 Storage Read"
R2_WRITE = "Workers R2 Storage Write"
D1_READ = "D1 Read"
D1_WRITE = "D1 Write"
QUEUES_READ = "Queues Read"
QUEUES_WRITE = "Queues Write"
ACCOUNT_READ = "Account Settings Read"
ANALYTICS_READ = "Account Analytics Read"
MEMBERSHIPS_READ = "Memberships Read"
USER_READ = "User Details Read"
AI_READ = "Workers AI Read"
AI_WRITE = "Workers AI Write"
OBSERVABILITY_READ = "Workers Observability Read"
OBSERVABILITY_WRITE = "Workers Observability Write"
ZONE_READ = "Zone Read"
ROUTES_READ = "Workers Routes Read"
ROUTES_WRITE = "Workers Routes Write"

PERMISSIONS = (
    WORKERS_READ, WORKERS_WRITE, KV_READ, KV_WRITE, R2_READ, R2_WRITE, D1_READ, D1_WRITE,
    QUEUES_READ, QUEUES_WRITE, ACCOUNT_READ, ANALYTICS_READ, MEMBERSHIPS_READ, USER_READ, AI_READ, AI_WRITE,
    OBSERVABILITY_READ, OBSERVABILITY_WRITE, ZONE_READ, ROUTES_READ, ROUTES_WRITE,
)  # fmt: skip

Status = Literal["active", "disabled", "expired"]
Owner = Literal["user", "account"]

_KIND = "token"


@dataclass(frozen=True, kw_only=True)
class Token:
    """An API token without its value. `/user/tokens/verify` knows none owned by an account, nor the other way round."""

    id: str
    name: str
    permissions: tuple[str, ...]
    status: Status = "active"
    owner: Owner | None = None

    def may(self, permission: str | None) -> bool:
        """Whether it has a permission; the one to write includes the one to read."""
        if permission is None or permission in self.permissions:
            return True
        return permission.endswith(" Read") and f"{permission.removesuffix('Read')}Write" in self.permissions


class Tokens:
    def __init__(self, store: Store, main: str) -> None:
        self._store = store
        self._main = main

    def is_main(self, value: str) -> bool:
        return hmac.compare_digest(value.encode(), self._main.encode())

    def find(self, value: str) -> Token | None:
        if self.is_main(value):
            return Token(id=_digest(value)[:32], name="main", permissions=PERMISSIONS)
        found = self._store.find(_KIND, _digest(value))
        return _token(found) if found else None

    def signer(self, id: str) -> tuple[Token, str] | None:
        """A token by its id, which is R2's access key id, and R2's secret access key: the SHA-256 of its value."""
        main = self.find(self._main)
        if main is not None and id == main.id:
            return main, _digest(self._main)
        document, secret = self._store.get(_KIND, id), self._store.name(_KIND, id)
        return (_token(document), secret) if document and secret else None

    def all(self) -> list[Token]:
        return [_token(document) for document in self._store.all(_KIND)]

    def mint(self, *, name: str, permissions: Iterable[str], status: Status, owner: Owner) -> tuple[Token, str]:
        """A new token and its value. Raises ValueError for a permission that does not exist."""
        wanted = tuple(sorted({_permission(name) for name in permissions}))
        value = secrets.token_urlsafe(30)
        token = Token(id=secrets.token_hex(16), name=name, permissions=wanted, status=status, owner=owner)
        self._store.put(_KIND, token.id, asdict(token), name=_digest(value))
        return token, value

    def revoke(self, id: str) -> None:
        self._store.delete(_KIND, id)


def bearer(headers: Mapping[str, str]) -> str:
    """The token of a request's headers. Raises ApiError as the real API does where there is none, or no such form."""
    authorization = headers.get("authorization")
    if authorization is None:
        raise errors.missing_credentials()
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "bearer" or not value.strip() or not value.isprintable():
        raise errors.malformed_credentials()
    return value.strip()


def _permission(name: str) -> str:
    normal = f"{name.removesuffix('Edit')}Write" if name.endswith(" Edit") else name
    if normal not in PERMISSIONS:
        raise ValueError(f"no permission {name!r}: known are {', '.join(PERMISSIONS)}")
    return normal


def _token(document: dict[str, Any]) -> Token:
    return Token(**{**document, "permissions": tuple(document["permissions"])})


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
