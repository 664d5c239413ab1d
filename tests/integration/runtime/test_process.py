"""The runtime's processes: they start quietly, end with whoever started them, and come back when killed."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local_cloudflare.runtime.errors import RuntimeFault
from tests.support.eventually import eventually
from tests.support.live_runtime import LiveRuntime, live_runtime
from tests.support.project import ROOT

COUNTER = """export default { async fetch(_, env) {
  const count = Number(await env.KV.get("count")) + 1;
  await env.KV.put("count", String(count));
  return new Response(String(count));
} };"""
NAMESPACE = ({"type": "kv_namespace", "name": "KV", "namespace_id": "counter"},)

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes by /proc, which is Linux's")


@contextmanager
def node(data: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """The Node process by itself."""
    command = ["node", str(ROOT / "local_cloudflare" / "runtime" / "runtime.mjs"), f"--data={data}", *options]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "LOCAL_RUNTIME_TOKEN": "token"},
        start_new_session=True,
    ) as process:
        yield process


def test_standard_output_has_one_line_and_closing_standard_input_ends_everything(tmp_path: Path) -> None:
    with node(tmp_path) as process:
        assert process.stdin
        assert process.stdout
        ready = json.loads(process.stdout.readline())
        assert sorted(ready) == ["controlPort", "dataAddress", "workersPort"]
        children = _descendants(process.pid)
        assert "workerd" in children.values()
        process.stdin.close()
        assert process.stdout.read() == ""
        process.wait(timeout=10)
        eventually(lambda: not _alive(children), "the processes end")


def test_sigterm_ends_everything(tmp_path: Path) -> None:
    with node(tmp_path) as process:
        assert process.stdout
        process.stdout.readline()
        children = _descendants(process.pid)
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=10)
        eventually(lambda: not _alive(children), "the processes end")


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(RuntimeFault, match=f"did not start: listen EADDRINUSE.*{port}"),
            live_runtime(tmp_path, workers_port=port),
        ):
            pass


def test_data_that_is_in_use_is_not_used_twice(tmp_path: Path) -> None:
    with (
        live_runtime(tmp_path),
        pytest.raises(RuntimeFault, match="in use by another one; stop that first"),
        live_runtime(tmp_path),
    ):
        pass


def test_everything_listens_on_loopback_only(tmp_path: Path) -> None:
    with live_runtime(tmp_path) as live:
        live.upload("counter", COUNTER, bindings=NAMESPACE)
        live.call("counter")
        live.run(live.runtime.check(live.config("checked", COUNTER)))
        sockets = {link for pid in _family(tmp_path) for link in _sockets(pid)}
        addresses = {address for inode, address in _listening() if inode in sockets}
        assert addresses == {"0100007F"}  # 127.0.0.1, as /proc/net/tcp has it


def test_a_killed_node_takes_workerd_with_it_and_comes_back_with_workers_and_data(tmp_path: Path) -> None:
    with live_runtime(tmp_path, restarts=1) as live:
        port = live.runtime.workers_port
        live.upload("counter", COUNTER, bindings=NAMESPACE)
        live.run(live.runtime.set_workers_dev("counter", True))
        assert live.call("counter").text == "1"
        before = _kill_node(live, tmp_path)
        value = live.run(live.runtime.kv.get("counter", "count"))
        assert value is not None
        assert value.value == b"1"
        assert live.runtime.workers_port == port
        assert live.call("counter").text == "2"
        eventually(lambda: not _alive(before), "the processes end")


def test_a_runtime_without_restarts_left_says_that_it_is_dead(tmp_path: Path) -> None:
    with live_runtime(tmp_path, restarts=0) as live:
        before = _kill_node(live, tmp_path)
        with pytest.raises(RuntimeFault, match="has died and could not be started again"):
            live.run(live.runtime.state())
        eventually(lambda: not _alive(before), "the processes end")


def test_a_killed_workerd_is_started_again(tmp_path: Path) -> None:
    with live_runtime(tmp_path) as live:
        live.upload("counter", COUNTER, bindings=NAMESPACE)
        assert live.call("counter").text == "1"
        for pid, name in _family(tmp_path).items():
            if name == "workerd":
                os.kill(pid, signal.SIGKILL)
        eventually(lambda: live.call("counter").status_code == 200, "it is started again")
        assert int(live.call("counter").text) >= 2


def _kill_node(live: LiveRuntime, folder: Path) -> dict[int, str]:
    """Kill it, and wait until it is noticed. Gives the processes that there were."""
    before, pid = _family(folder), _node(folder)
    os.kill(pid, signal.SIGKILL)

    def noticed() -> bool:
        try:
            live.state()
        except RuntimeFault as fault:
            return "could not be started again" in str(fault)
        return not _alive({pid: before[pid]})

    eventually(noticed, "the runtime gave up")
    return before


def _parents() -> dict[int, int]:
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(path.parent.name)] = int(path.read_text().rpartition(") ")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended meanwhile
    return found


def _node(folder: Path) -> int:
    """The Node process of the runtime in `folder`; other tests may have theirs at the same time."""
    option = f"--data={(folder / 'data').resolve()}".encode()
    children = [pid for pid, parent in _parents().items() if parent == os.getpid()]
    [node] = [pid for pid in children if option in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]
    return node


def _family(folder: Path) -> dict[int, str]:
    """That Node process and all that it has started: names by process id."""
    node = _node(folder)
    return {node: _name(node), **_descendants(node)}


def _descendants(root: int) -> dict[int, str]:
    """Names by process id."""
    parents, family = _parents(), {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return {pid: _name(pid) for pid in family - {root}}


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _alive(processes: dict[int, str]) -> dict[int, str]:
    return {pid: name for pid, name in processes.items() if name and _name(pid) == name and not _is_zombie(pid)}


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")
    except (FileNotFoundError, ProcessLookupError):
        return True


def _sockets(pid: int) -> set[str]:
    found = set()
    for descriptor in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            match = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(descriptor))
        except FileNotFoundError:
            continue  # closed meanwhile
        if match:
            found.add(match[1])
    return found


def _listening() -> Iterator[tuple[str, str]]:
    """Inode and address of every listening TCP socket of this machine."""
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                yield fields[9], fields[1].partition(":")[0]
