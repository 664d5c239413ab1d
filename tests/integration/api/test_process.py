"""`python -m local_cloudflare`: start, stop, status and logs, as a user or `make` runs them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local_cloudflare import process
from tests.support.eventually import eventually

FREE_PORTS = ("--api-port", "0", "--workers-port", "0")


def run(command: str, data: Path, *arguments: str, exit_code: int = 0) -> str:
    """Standard output and error of one command, which must end with `exit_code`."""
    done = subprocess.run(
        [sys.executable, "-m", "local_cloudflare", command, "--dir", str(data), *arguments],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == exit_code, done.stdout + done.stderr
    return done.stdout + done.stderr


def status(data: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(run("status", data, "--json"))
    return facts


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "cloudflare"
    run("stop", tmp_path / "cloudflare")


def test_it_starts_in_the_background_and_stops(data: Path) -> None:
    run("status", data, exit_code=3)
    output = run("start", data, *FREE_PORTS)
    facts = status(data)
    assert facts["baseUrl"] in output
    assert facts["workersUrl"] in output
    assert (len(facts["apiToken"]), len(facts["accountId"])) == (40, 32)
    assert stat.S_IMODE((data / "settings.json").stat().st_mode) == 0o600

    assert "already" in run("start", data)
    assert status(data)["pid"] == facts["pid"]

    assert "stopped" in run("stop", data)
    run("status", data, exit_code=3)
    assert "was not running" in run("stop", data)


def test_the_next_start_has_the_same_token_account_and_ports(data: Path) -> None:
    run("start", data, *FREE_PORTS, "--account-id", "0" * 31 + "1")
    before = status(data)
    run("stop", data)
    run("start", data)
    after = status(data)
    assert before["accountId"] == "0" * 31 + "1"
    assert {**after, "pid": None} == {**before, "pid": None}


@pytest.mark.parametrize("code", [{}, {"code": "of another version"}], ids=["before it said so", "another"])
def test_one_of_another_version_is_started_again_with_its_data(data: Path, code: dict[str, str]) -> None:
    """After an update of the checkout, `make up` works against what it has, not against what was there."""
    run("start", data, *FREE_PORTS)
    before, file = status(data), data / "process.json"
    known = json.loads(file.read_text())
    del known["code"]
    file.write_text(json.dumps(known | code))

    assert "another version" in run("start", data)

    after = status(data)
    assert after["pid"] != before["pid"]
    assert {**after, "pid": None} == {**before, "pid": None}
    assert "already" in run("start", data)


def test_two_starts_at_once_are_one(data: Path) -> None:
    command = [sys.executable, "-m", "local_cloudflare", "start", "--dir", str(data), *FREE_PORTS]
    starts = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [start.wait(timeout=90) for start in starts] == [0, 0]
    found = process.find(data)
    assert found is not None
    assert found.pid == status(data)["pid"]


def test_a_second_server_on_the_same_data_is_refused(data: Path) -> None:
    run("start", data, *FREE_PORTS)
    assert "serves" in run("serve", data, exit_code=2)


def test_a_killed_one_leaves_nothing_that_is_believed(data: Path) -> None:
    run("start", data, *FREE_PORTS)
    os.kill(status(data)["pid"], signal.SIGKILL)
    while process.running(data):
        pass
    # Its record is still there, and names a process that could by now be any other program.
    record = json.loads((data / "process.json").read_text())
    (data / "process.json").write_text(json.dumps({**record, "pid": os.getpid()}))
    run("status", data, exit_code=3)
    assert "was not running" in run("stop", data)
    run("start", data)
    assert status(data)["pid"] != os.getpid()


def test_remembered_ports_that_are_taken_are_named_with_the_way_out(data: Path) -> None:
    run("start", data, *FREE_PORTS)
    before = status(data)
    ports = [int(before[url].split(":")[2].split("/")[0]) for url in ("baseUrl", "workersUrl")]
    run("stop", data)
    with socket.socket() as api, socket.socket() as workers:
        for other, port in ((api, ports[0]), (workers, ports[1])):
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", port))
            other.listen()
        output = run("start", data, exit_code=2)
        assert f"port {ports[0]}, which was used the last time for the API, is taken by another program" in output
        assert f"port {ports[1]}, which was used the last time for Workers, is taken by another program" in output
        assert "uvicorn" not in output  # no lines of the start before
        way_out = re.search(r"local_cloudflare start (--[^`]*)`", output)
        assert way_out
        run("start", data, *way_out[1].split())
    assert not any(str(port) in status(data)["baseUrl"] + status(data)["workersUrl"] for port in ports)


def test_logs_are_lines_for_people_and_objects_for_scripts(data: Path) -> None:
    run("start", data, *FREE_PORTS)
    facts = status(data)
    _upload(facts, "talker", 'export default { fetch() { console.warn("well,\\nwell"); return new Response("ok"); } };')
    assert httpx.get(run("expose", data, "talker").strip()).text == "ok"

    told = eventually(lambda: run("logs", data, "talker"), "it is logged")
    [line] = run("logs", data, "talker", "--json").splitlines()
    assert told.endswith(" talker warn: well,\nwell\n")
    entry = json.loads(line)
    assert {name: entry[name] for name in ("worker", "level", "text")} == {
        "worker": "talker",
        "level": "warn",
        "text": "well,\nwell",
    }
    assert abs(entry["time"] / 1000 - time.time()) < 3600
    assert "there is no Worker 'nope'" in run("logs", data, "nope", exit_code=2)
    assert "there are talker" in run("logs", data, "nope", "--json", exit_code=2)
    assert "there is no Worker 'nope'" in run("expose", data, "nope", exit_code=2)
    assert "there is no Worker 'nope'" in run("logs", data, "nope", "--follow", exit_code=2)


def _upload(facts: dict[str, Any], name: str, source: str) -> None:
    httpx.put(
        f"{facts['baseUrl']}/accounts/{facts['accountId']}/workers/scripts/{name}",
        headers={"authorization": f"Bearer {facts['apiToken']}"},
        files={
            "metadata": (None, json.dumps({"main_module": "main.js"}).encode(), "application/json"),
            "main.js": ("main.js", source.encode(), "application/javascript+module"),
        },
    ).raise_for_status()


def test_it_listens_on_loopback_only(data: Path) -> None:
    run("start", data, *FREE_PORTS)
    found = process.find(data)
    assert found is not None
    name = socket.gethostname()
    try:
        address = socket.gethostbyname(name)
    except OSError:
        address = "127.0.0.2"
    for port in (found.api_port, found.workers_port):
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass
        if not address.startswith("127."):
            with pytest.raises(OSError), socket.create_connection((address, port), timeout=5):  # noqa: PT011
                pass


def test_two_that_start_for_the_first_time_at_one_moment_both_come_up(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    command = [sys.executable, "-m", "local_cloudflare", "start", "--dir"]
    try:
        starting = [subprocess.Popen([*command, folder], stdout=subprocess.PIPE, text=True) for folder in folders]
        told = [each.communicate(timeout=90)[0] for each in starting]
        assert [each.returncode for each in starting] == [0, 0], told
        found = [process.find(folder) for folder in folders]
        assert len({port for each in found if each for port in (each.api_port, each.workers_port)}) == 4
    finally:
        for folder in folders:
            run("stop", folder)


@pytest.mark.parametrize("arguments", [("--account-id", "short"), ("--api-port", "70000"), ("--workers-port", "x")])
def test_what_the_user_can_put_right_exits_2(data: Path, arguments: tuple[str, ...]) -> None:
    assert "error: " in run("start", data, *arguments, exit_code=2)


def test_logs_of_one_that_does_not_run_say_how_to_start_it(data: Path) -> None:
    assert "start it" in run("logs", data, exit_code=1)
