"""Whether a namespace, bucket or database holds anything, in a call or two.

Touches the network, by the Account that it is given, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.cloudflare import contents
from orchestrator.cloudflare.account import Account
from orchestrator.data.store import Store
from orchestrator.errors import CloudflareError

_NOT_FOUND = 404
_TABLES_A_QUERY = 20
_KEYS = 10  # the fewest that a list of keys can be asked for
_TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' "
    "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'"
)


def is_filled(account: Account, store: Store) -> bool:
    """Whether it is there and has a key, an object, or a table with a row. Raises CloudflareError where not known."""
    try:
        return any(_contents(account, store))
    except CloudflareError as error:
        if error.status == _NOT_FOUND:
            return False
        raise


def _contents(account: Account, store: Store) -> Iterator[Any]:
    """Something true where there is something in it."""
    match store.kind:
        case "kv":
            yield next(contents.kv_keys(account, store.id, a_page=_KEYS), None)
        case "r2":
            yield next(contents.r2_objects(account, store.name, store.headers, a_page=1), None)
        case "d1":
            tables = [name.replace('"', '""') for (name,) in _query(account, store, _TABLES)]
            for first in range(0, len(tables), _TABLES_A_QUERY):
                some = tables[first : first + _TABLES_A_QUERY]
                rows = " OR ".join(f'EXISTS (SELECT 1 FROM "{table}")' for table in some)  # noqa: S608 - quoted
                yield _query(account, store, f"SELECT {rows}")[0][0]


def _query(account: Account, store: Store, sql: str) -> list[list[Any]]:
    return contents.run_d1(account, store.id, [(sql, ())])[0]
