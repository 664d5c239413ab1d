"""Starting, stopping and asking a local Cloudflare that runs in the background.

The process started is `python -m local_cloudflare serve` in a session of its own, so that it outlives the shell and a
Ctrl-C in it. It is believed to be there when it holds its lock, and to be well when `/_local/health` answers with its
token. Touches the data directory, that process, and loopback.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from local_cloudflare import process
from local_cloudflare import settings as settings_file
from local_cloudflare.errors import ServiceError
from local_cloudflare.settings import LOOPBACK, Settings

_START_SECONDS = 60.0
_STOP_SECONDS = 15.0
_POLL_SECONDS = 0.05
_HEALTH_SECONDS = 5.0
_LOG_LINES = 15

Say = Callable[[str], None]


def start(data: Path, arguments: list[str], say: Say) -> Settings:
    """Start it in the background and wait until it is well; at once where it runs already.

    One that an older checkout has started is stopped first: its data, token and ports stay. `arguments` are further
    ones of `serve`. Two starts at once: the second waits for the first one's process.
    """
    data.mkdir(parents=True, exist_ok=True)
    with process.exclusive(data / "start.lock") as mine:
        if mine and (found := process.find(data)) and found.code != process.code():
            say("the local Cloudflare that runs is of another version: it is started again, with its data")
            stop(data)
        if not mine or process.running(data):
            say("a local Cloudflare is running, or being started, already")
            return _wait(data, None, say, log_begin=0)
        log = data / "server.log"
        with log.open("ab") as output:
            begin = output.tell()
            child = subprocess.Popen(
                [sys.executable, "-m", "local_cloudflare", "serve", "--dir", str(data), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return _wait(data, child, say, log_begin=begin)


def stop(data: Path) -> bool:
    """Stop it; False where none ran. What does not end in time is killed, with workerd."""
    if not process.running(data):
        return False
    found = process.find(data)
    if found is None:
        raise ServiceError(f"the local Cloudflare of {data} is just being started", "try again in a few seconds")
    with contextlib.suppress(ProcessLookupError):
        os.kill(found.pid, signal.SIGTERM)
        if not _until(lambda: not process.running(data), _STOP_SECONDS):
            os.kill(found.pid, signal.SIGKILL)
    if not _until(lambda: not process.running(data), _STOP_SECONDS):
        raise ServiceError(
            f"the local Cloudflare (process {found.pid}) does not end", f"see {data / 'server.log'}, and kill it"
        )
    return True


def expose(data: Path, worker: str, port: int | None, *, may_come_later: bool = False) -> str:
    """Let a Worker answer at 127.0.0.1; its URL there. `port`: 0 for any free one, None for that of all Workers.

    Raises ServiceError where it cannot be had, and for a Worker that there is not, unless it `may_come_later`.
    """
    settings = healthy(data)
    if settings is None:
        raise ServiceError("the local Cloudflare is not running", "start it: `make up`", exit_code=2)
    if not may_come_later and worker not in (names := _workers(settings)):
        raise ServiceError(f"there is no Worker {worker!r}", f"there are {', '.join(names)}", exit_code=2)
    wanted = settings.workers_port if port is None else port
    answer = httpx.put(
        f"http://{LOOPBACK}:{settings.api_port}/_local/ports/{wanted}",
        headers=_headers(settings),
        json={"worker": worker},
    )
    if not answer.is_success:
        [error] = answer.json()["errors"]
        raise ServiceError(error["message"], "choose another port with --port N; 0 takes any free one", exit_code=2)
    return f"http://{LOOPBACK}:{answer.json()['port']}"


def healthy(data: Path) -> Settings | None:
    """The settings of the local Cloudflare of this directory, if it runs and is well."""
    settings = settings_file.load(data)
    found = process.find(data)
    if settings is None or found is None:
        return None
    try:
        answer = httpx.get(
            f"http://{LOOPBACK}:{found.api_port}/_local/health", headers=_headers(settings), timeout=_HEALTH_SECONDS
        )
        said = answer.json()
        account_id = said["accountId"] if "accountId" in said else said["account_id"]  # one started before an update
        well = answer.status_code == httpx.codes.OK and account_id == settings.account_id
    except (httpx.HTTPError, ValueError, KeyError):
        return None
    return settings if well else None


def logs(data: Path, worker: str | None, *, follow: bool) -> Iterator[str]:
    """The lines of the Workers' logs as JSON, oldest first; with `follow`, without end, and with those of requests."""
    settings = healthy(data)
    if settings is None:
        raise ServiceError(
            f"the local Cloudflare of {data} does not run, so its Workers have no logs", "start it: `make up`"
        )
    query = {"follow": str(follow).lower(), "requests": str(follow).lower()} | ({"worker": worker} if worker else {})
    url = f"http://{LOOPBACK}:{settings.api_port}/_local/logs"
    try:
        with httpx.stream("GET", url, params=query, headers=_headers(settings), timeout=None) as answer:  # noqa: S113
            if not answer.is_success:
                answer.read()
                [error] = answer.json()["errors"]
                raise ServiceError(error["message"], "`make logs` shows those of all Workers", exit_code=2)
            yield from answer.iter_lines()
    except httpx.HTTPError as error:
        raise ServiceError(f"the logs ended: {error}", f"see {data / 'server.log'}") from error


def _wait(data: Path, child: subprocess.Popen[bytes] | None, say: Say, *, log_begin: int) -> Settings:
    began = time.monotonic()
    told = began
    while time.monotonic() - began < _START_SECONDS:
        if child is not None and child.poll() is not None:
            raise ServiceError(
                f"the local Cloudflare ended with exit code {child.returncode}:\n{_tail(data, log_begin)}",
                f"the whole log is {data / 'server.log'}",
                exit_code=child.returncode,
            )
        settings = healthy(data)
        if settings is not None:
            return settings
        if time.monotonic() - told >= 1:
            told = time.monotonic()
            say(f"waiting for the local Cloudflare to answer ({told - began:.0f} s)")
        time.sleep(_POLL_SECONDS)
    raise ServiceError(
        f"the local Cloudflare did not answer within {_START_SECONDS:.0f} s:\n{_tail(data, log_begin)}",
        f"the whole log is {data / 'server.log'}; `stop --dir {data}` ends it",
    )


def _until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _tail(data: Path, begin: int) -> str:
    """The log's last lines, from the byte `begin` on: what an earlier start has said explains nothing."""
    try:
        lines = (data / "server.log").read_bytes()[begin:].decode(errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    return "\n".join(lines[-_LOG_LINES:])


def _workers(settings: Settings) -> list[str]:
    url = f"{settings.base_url}/accounts/{settings.account_id}/workers/scripts"
    return [each["id"] for each in httpx.get(url, headers=_headers(settings)).raise_for_status().json()["result"]]


def _headers(settings: Settings) -> dict[str, str]:
    return {"Authorization": f"Bearer {settings.api_token}"}
