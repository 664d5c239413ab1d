"""Workers in real workerd, for tests that need no Pulumi: `with workerd([{...}]) as url:`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import httpx

from tests.support.project import ROOT

EACH_ITS_OWN = httpx.Limits(max_keepalive_connections=0)
"""Each request on a connection of its own. workerd closes one that was idle for five seconds, whatever comes just then;
and one whose body was refused before it was read is of no use."""


@dataclass(frozen=True, kw_only=True)
class Running:
    """`url` is for all; `own` is by name, for those with a socket of their own. `pid` is workerd's parent process."""

    url: str
    own: Mapping[str, str]
    pid: int


@contextmanager
def workerd(workers: Sequence[dict[str, Any]], **options: Any) -> Iterator[str]:
    """Run `workers` (miniflare's options of each; the first answers requests without a route; `options` are
    miniflare's for all of them) and yield the URL."""
    with running_workerd(workers, **options) as running:
        yield running.url


@contextmanager
def running_workerd(
    workers: Sequence[dict[str, Any]], *, log: IO[str] | None = None, **options: Any
) -> Iterator[Running]:
    """The same, with more to know of it; what the Workers log goes to `log`, else to standard error."""
    process = subprocess.Popen(
        ["node", "tests/support/workerd.mjs"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write(json.dumps({"workers": list(workers), **options}) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, "workerd did not start: see its messages above"
        yield Running(pid=process.pid, **json.loads(line))
    finally:
        process.stdin.close()
        process.wait(timeout=20)
        process.stdout.close()
