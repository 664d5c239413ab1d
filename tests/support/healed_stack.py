"""The drift stack with `heal` run on it, as a user runs it: a process of its own, or several at once."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from orchestrator.drift.check import check
from orchestrator.drift.findings import Drift
from tests.support.account_snapshot import AccountSnapshot
from tests.support.drift_stack import MANIFEST, STACK, DriftStack
from tests.support.eventually import eventually
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.outside import Outside

_TIMEOUT_S = 240


def recreating(names: Iterable[str]) -> list[str]:
    """The arguments that let these be recreated."""
    return [argument for name in names for argument in ("--recreate", name)]


class HealedStack:
    """Up and clean when it is made, and again after `restore`. `heal_s`: about the time of a heal, in seconds."""

    def __init__(self, directory: Path, server: LocalCloudflare, manifest: Mapping[str, Any] = MANIFEST) -> None:
        self.server = server
        self.outside = Outside(server)
        (directory / "project").mkdir()
        self.project = DriftStack(directory / "project", server)
        self._manifest = manifest
        self.project.write(manifest)
        self._state, self._kept_state, self._new_state = (
            self.project.root / ".state",
            directory / "state",
            directory / "new-state",
        )
        shutil.copytree(self._state, self._new_state)
        begun = time.monotonic()
        self.project.project.up()
        self.heal_s = 3 * (time.monotonic() - begun)
        self._account = AccountSnapshot(server, directory)
        shutil.copytree(self._state, self._kept_state)

    def restore(self) -> None:
        """Account and state as they were after the first update; what is in namespaces, buckets and rows stays."""
        self.server.local("DELETE", "/faults")
        self._account.restore()
        self._put_state(self._kept_state)

    @contextmanager
    def undone_afterwards(self) -> Iterator[Self]:
        """Meanwhile its file, settings, account and state may be edited."""
        settings = self.project.root / f"Pulumi.{STACK}.yaml"
        before = settings.read_text()
        yield self
        settings.write_text(before)
        self.project.write(self._manifest)
        self.restore()

    def begin_anew(self) -> None:
        """Nothing in the account, and a stack that has had no update."""
        self.server.reset()
        self._put_state(self._new_state)

    def _put_state(self, state: Path) -> None:
        shutil.rmtree(self._state)
        shutil.copytree(state, self._state)

    def start(
        self,
        *arguments: str,
        command: str = "heal",
        output: int = subprocess.PIPE,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> subprocess.Popen[str]:
        """Begin a command on the stack, as the leader of its own process group."""
        return subprocess.Popen(
            [sys.executable, "-m", "orchestrator", command, "-s", STACK, *arguments],
            cwd=self.project.root,
            env={**self.project.project.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            text=True,
            start_new_session=True,
        )

    def heal(self, *arguments: str, exit_code: int = 0, **environment: str) -> tuple[dict[str, Any], str]:
        """Run `heal --json` to its end: its document, and what it said meanwhile."""
        process = self.start("--json", *arguments, environment=environment)
        output, errors = process.communicate(timeout=_TIMEOUT_S)
        assert process.returncode == exit_code, f"exit {process.returncode}\n{output}\n{errors}"
        return json.loads(output or "{}"), errors

    def names(self) -> set[tuple[str, str]]:
        """Kind and name of all data and Workers in the account."""
        state = self.server.local("GET", "/state")
        kinds = {"kv": ("kvNamespace", "title"), "r2": ("r2Bucket", "name"), "d1": ("d1Database", "name")}
        data = {(kind, each[name]) for key, (kind, name) in kinds.items() for each in state[key]}
        return data | {("worker", each["id"]) for each in state["workers"]}

    def duplicates(self) -> list[str]:
        """Titles and names that stand for more than one thing in the account."""
        state = self.server.local("GET", "/state")
        names = [*(each["title"] for each in state["kv"]), *(each["name"] for each in state["d1"])]
        return sorted({name for name in names if names.count(name) > 1})

    def export(self) -> dict[str, Any]:
        exported: dict[str, Any] = json.loads(self.project.project.run("stack", "export"))
        return exported

    def import_state(self, exported: dict[str, Any]) -> None:
        file = self.project.root / "edited.json"
        file.write_text(json.dumps(exported))
        self.project.project.run("stack", "import", "--file", str(file))

    def updates(self) -> int:
        """How many updates the stack has had."""
        return len(json.loads(self.project.project.run("stack", "history", "--json")))

    def wait_for_lock(self) -> None:
        """Until an update has begun."""
        eventually(lambda: list(self._state.glob("**/locks/**/*.json")), "the update takes its lock", _TIMEOUT_S)

    def drift(self) -> Drift:
        """What a full check finds now."""
        with self.project.environment():
            return check(self.project.stack(), full=True, report=lambda _: None)

    def assert_clean(self) -> None:
        """Drift finds nothing, and a preview with a refresh has nothing to do."""
        drifted = self.drift().drifted
        assert not drifted, drifted
        self.project.project.run("preview", "--refresh", "--expect-no-changes")
