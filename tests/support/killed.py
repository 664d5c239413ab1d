"""Work on an account in a process of its own, which is killed at one of its calls.

The processes are forked from one that has everything imported and no threads.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from itertools import count
from typing import Any

import httpx

from orchestrator.cloudflare.account import Account
from orchestrator.http_calls import trusted
from tests.support.instant_clock import InstantClock

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.support.killed", "orchestrator.data.backup", "orchestrator.data.restore"])
_SECONDS = 120
trusted()  # for all that is forked

Work = Callable[[Account, Any], object]


class Killer(httpx.HTTPTransport):
    """Ends the process, as `kill -9` would, at the call of a number: before it is sent, or after its effect."""

    def __init__(self, number: int, after: bool) -> None:
        super().__init__(verify=trusted())
        self._calls = count(1)
        self._number = number
        self._after = after

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if next(self._calls) == self._number:
            if self._after:
                super().handle_request(request)
            os.kill(os.getpid(), signal.SIGKILL)
        return super().handle_request(request)


def account_of(server: dict[str, Any], transport: httpx.BaseTransport | None = None) -> Account:
    """The account of a local Cloudflare; a pause takes no time."""
    return Account(**server, transport=transport, **InstantClock().options)


def killed_at(number: int, after: bool, work: Work, server: dict[str, str], about: Any) -> bool:
    """Do `work`, a function of a module, and kill it at its call of that number; whether it came so far."""
    process = _CONTEXT.Process(target=_do, args=(number, after, work, server, about))
    process.start()
    process.join(_SECONDS)
    assert process.exitcode in (0, -signal.SIGKILL), f"ended with {process.exitcode}"
    return process.exitcode != 0


def _do(number: int, after: bool, work: Work, server: dict[str, str], about: Any) -> None:
    with account_of(server, Killer(number, after)) as account:
        work(account, about)
