"""`/_local/heal`: a command that is run when a heal is asked for, one at a time, and not longer than the server."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local_cloudflare import settings
from tests.support.eventually import eventually
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.project import ROOT

# Says that it has begun, and ends as soon as it is told with which exit code.
COMMAND = f"""
import pathlib, sys
sys.path.insert(0, {str(ROOT)!r})
from tests.support.eventually import eventually
folder = pathlib.Path(sys.argv[1])
print("repairing", flush=True)
eventually((folder / "end").exists, "the test says how to end")
sys.exit(int((folder / "end").read_text()))
"""


class Healed:
    """A local Cloudflare, and what it runs to heal."""

    def __init__(self, folder: Path) -> None:
        self.script = folder / "command.py"
        self.script.write_text(COMMAND)
        self._end = folder / "end"
        command = shlex.join([sys.executable, str(self.script), str(folder)])
        self.server = LocalCloudflare(folder / "data", "--heal", command)
        found = settings.load(folder / "data")
        assert found
        self.heal_token = found.heal_token

    def call(self, method: str, path: str = "/_local/heal", token: str | None = None) -> httpx.Response:
        url = self.server.url.removesuffix("/client/v4") + path
        return httpx.request(method, url, headers={"Authorization": f"Bearer {token or self.heal_token}"})

    def end_with(self, exit_code: int) -> None:
        self._end.with_suffix(".new").write_text(str(exit_code))
        self._end.with_suffix(".new").replace(self._end)

    def hold(self) -> int:
        """The next run stays active until it is told to end; how many there were before."""
        self._end.unlink(missing_ok=True)
        return int(self.call("GET").json()["runs"])

    def until(self, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The report, as soon as it is so."""

        def report() -> dict[str, Any] | None:
            latest: dict[str, Any] = self.call("GET").json()
            return latest if is_so(latest) else None

        return eventually(report, lambda: self.call("GET").text)


@pytest.fixture(scope="module")
def healed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Healed]:
    healed = Healed(tmp_path_factory.mktemp("healed"))
    try:
        yield healed
    finally:
        healed.server.close()


def test_one_run_at_a_time_and_whoever_asks_meanwhile_gets_another(healed: Healed) -> None:
    before = healed.hold()

    assert healed.call("POST").status_code == 202
    healed.until(lambda report: report["tail"] == ["repairing"])
    for _ in range(3):
        assert healed.call("POST").status_code == 202
    waiting = healed.call("GET").json()
    assert (waiting["status"], waiting["runs"], waiting["waiting"]) == ("running", before + 1, True)
    healed.end_with(0)

    report = healed.until(lambda report: report["runs"] == before + 2 and report["status"] != "running")
    assert (report["status"], report["exitCode"], report["waiting"]) == ("done", 0, False)
    assert Path(report["log"]).read_text() == "repairing\n"


def test_a_failure_is_seen_and_the_next_run_may_succeed(healed: Healed) -> None:
    before = healed.hold()
    healed.end_with(8)
    healed.call("POST")
    lost = healed.until(lambda report: report["status"] == "lost")
    assert (lost["exitCode"], lost["detail"]) == (8, f"repairing\nAll of it is in {lost['log']}.")
    healed.end_with(1)
    healed.call("POST")
    failed = healed.until(lambda report: report["status"] == "failed")
    assert (failed["exitCode"], failed["id"] != lost["id"]) == (1, True)

    healed.end_with(0)
    healed.call("POST")
    assert healed.until(lambda report: report["status"] == "done")["runs"] == before + 3


def test_a_run_ends_with_the_server(healed: Healed) -> None:
    healed.hold()
    healed.call("POST")
    healed.until(lambda report: report["tail"] == ["repairing"])

    healed.server.stop()

    assert not running(healed.script)
    healed.server.restart()
    assert healed.call("GET").json()["status"] == "none"


def test_its_own_token_may_ask_for_a_heal_and_nothing_else(healed: Healed) -> None:
    assert healed.call("GET", token=healed.server.token).status_code == 200
    assert healed.call("POST", token="another").status_code == 401
    assert healed.call("GET", "/_local/state").status_code == 401
    assert healed.call("GET", "/client/v4/accounts").status_code == 403


def test_without_a_command_nothing_can_be_asked_for(cloudflare_api: LocalCloudflare) -> None:
    with pytest.raises(httpx.HTTPStatusError, match="404"):
        cloudflare_api.local("POST", "/heal")


def running(script: Path) -> bool:
    """Whether a process of this machine runs it."""
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(script).encode() in command.read_bytes().split(b"\0"):
                return True
        except OSError:  # just ended
            continue
    return False
