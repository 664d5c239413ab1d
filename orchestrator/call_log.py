"""Each call over the network as a line of the log, which `--verbose` shows: method, address, status.

Never a header, a body or a query, since they may hold secrets.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

LOGGER = logging.getLogger("orchestrator.calls")


def log_answer(response: httpx.Response) -> None:
    """A hook of httpx for responses."""
    LOGGER.info("%s: HTTP %d", _called(response.request), response.status_code)


def log_failure(request: httpx.Request, error: Exception) -> None:
    """A call that got no answer."""
    LOGGER.info("%s: no answer (%s)", _called(request), type(error).__name__)


def _called(request: httpx.Request) -> str:
    url = request.url
    return f"{request.method} {url.scheme}://{url.netloc.decode()}{url.path}"
