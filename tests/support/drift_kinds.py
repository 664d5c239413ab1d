"""The kinds of drift, all of them: data for the tests of `drift` and of `heal`.

Each is done through the API, on the stack of `drift_stack`, when it is clean. `finds` is all that may be found, and
nothing else. Those of queues are of another stack: `queue_drift_kinds.py`.
"""

from __future__ import annotations

from tests.support.drift_kind import DriftKind, Found
from tests.support.drift_stack import ARCHIVE, GREETER, HOST, KEEPER, LEDGER, ROUTER
from tests.support.outside import CODE, Outside
from tests.support.store_drift_kinds import STORE_KINDS
from tests.support.way_drift_kinds import WAY_KINDS
from tests.support.worker_drift_kinds import WORKER_KINDS


def _several(outside: Outside) -> None:
    outside.bindings(ROUTER, {"REGISTRY": None})
    outside.crons(ROUTER)
    outside.subdomain(GREETER, enabled=False)
    outside.upload(KEEPER, CODE, path="/content")
    outside.create_bucket("efh-found")


def _several_with_loss(outside: Outside) -> None:
    _several(outside)
    outside.delete_namespace(ARCHIVE)
    outside.delete_bucket("efh-archive", "eu")
    outside.delete_database(ROUTER)


def _everything(outside: Outside) -> None:
    for name in (ROUTER, KEEPER, GREETER):
        outside.delete_worker(name)
    for title in ("REGISTRY", "NOTES", ARCHIVE):
        outside.delete_namespace(title)
    outside.delete_bucket("efh-files")
    outside.delete_bucket("efh-cold")
    outside.delete_bucket("efh-archive", "eu")
    outside.delete_database(ROUTER)
    outside.delete_database(LEDGER)


_SEVERAL: tuple[Found, ...] = (
    ("changed", "worker", KEEPER, ("content",)),
    ("changed", "worker", ROUTER, ("bindings.REGISTRY",)),
    ("changed", "schedules", ROUTER, ("crons",)),
    ("changed", "subdomain", GREETER, ("enabled",)),
    ("undeclared", "r2Bucket", "efh-found", ()),
)
_LOSS: tuple[Found, ...] = (
    ("missing", "kvNamespace", ARCHIVE, ()),
    ("missing", "r2Bucket", "efh-archive", ()),
    ("missing", "d1Database", ROUTER, ()),
)
KINDS = (
    *STORE_KINDS,
    *WORKER_KINDS,
    *WAY_KINDS,
    DriftKind(name="several at once", does=_several, finds=_SEVERAL),
    DriftKind(
        name="several at once, with lost data",
        does=_several_with_loss,
        finds=(*_SEVERAL, *_LOSS),
        lost=(ARCHIVE, "efh-archive", ROUTER),
    ),
    DriftKind(
        name="everything deleted",
        does=_everything,
        finds=(
            *(("missing", "kvNamespace", title, ()) for title in (ARCHIVE, "NOTES", "REGISTRY")),
            *(("missing", "r2Bucket", name, ()) for name in ("efh-archive", "efh-cold", "efh-files")),
            *(("missing", "d1Database", name, ()) for name in (LEDGER, ROUTER)),
            *(("missing", "worker", name, ()) for name in (GREETER, KEEPER, ROUTER)),
            ("missing", "customDomain", HOST, ()),
        ),
        lost=(ARCHIVE, "NOTES", "REGISTRY", "efh-archive", "efh-cold", "efh-files", LEDGER, ROUTER),
    ),
)
