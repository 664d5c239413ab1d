"""Workers that answer at 127.0.0.1 on a port, for clients that do not know the names below .localhost.

The real service has nothing like it. It is remembered over a restart and a reset, as the ports of the server itself.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from local_cloudflare.api.cloud import Cloud
from local_cloudflare.runtime.errors import RuntimeFault

KIND = "exposed"
_log = logging.getLogger(__name__)


async def expose(cloud: Cloud, worker: str, port: int) -> int:
    """Let the Worker answer there; the port, where it is 0. Raises RuntimeFault where the port is taken."""
    taken = await cloud.runtime.expose(worker, port)
    remember(cloud, [{"worker": worker, "port": taken}])
    return taken


async def restore(cloud: Cloud) -> None:
    """At a start: what was exposed before. A port that another program has now is told in the log."""
    for each in cloud.store.all(KIND):
        try:
            await cloud.runtime.expose(each["worker"], each["port"])
        except RuntimeFault as fault:
            _log.warning("Worker %s does not answer at port %s any more: %s", each["worker"], each["port"], fault)


def remember(cloud: Cloud, exposed: Iterable[dict[str, Any]]) -> None:
    for each in exposed:
        cloud.store.put(KIND, str(each["port"]), each)
