"""What `make dev` does when something was saved or a key was pressed.

A source: all Workers are bundled, as `pulumi up` does it, and those that changed are uploaded through the local API:
the code alone, so that bindings and settings stay as the last update made them. A preview shows them as updates, and an
update uploads the same bytes. A source of the admin page or the API document: the routing Worker's static assets are
built and uploaded, after its code. autopilots.yaml: a preview, a question, an update.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import webbrowser
from collections.abc import Mapping
from typing import Self

from orchestrator.bundle.admin_page import Assets
from orchestrator.bundle.modules import Module, bundle_workers, is_of_assets, with_assets
from orchestrator.cloudflare.account import Account
from orchestrator.desired.derive import Desired
from orchestrator.desired.resources import Worker
from orchestrator.errors import OrchestratorError
from orchestrator.manifest import DEFAULT_FILE
from orchestrator.router_client.connection import RemoteDispatcher
from orchestrator.stack.config import read_stack
from orchestrator.stack.recover import recover
from orchestrator.terminal import Terminal
from scripts import destroy, up
from scripts.dev.keys import Keys
from scripts.dev.upload import upload, upload_assets
from scripts.local_stack import ROOT, STACK, environment, pulumi, secret


class Session:
    """A context: it holds the account's connection. `yes`: an edit of the file is applied without a question."""

    def __init__(self, terminal: Terminal, keys: Keys, *, yes: bool) -> None:
        self.terminal = terminal
        self.keys = keys
        self._yes = yes
        self._account: Account
        self._desired: Desired
        self._live: Mapping[str, str] = {}  # what tells each Worker's upload from any other, by key
        self._live_assets: Assets | None = None

    def __enter__(self) -> Self:
        self._begin()
        return self

    def __exit__(self, *_: object) -> None:
        self._account.close()

    def say(self, text: str) -> None:
        self.terminal.write(f"{self.terminal.styled('dev:', 'bold')} {text}")
        self.terminal.out.flush()

    def fail(self, text: str) -> None:
        self.say(self.terminal.styled(text, "red"))

    def take(self, changed: set[str]) -> None:
        """Make what was saved live. Raises OrchestratorError where it cannot be; what was live stays."""
        if DEFAULT_FILE in changed and self._take_file():
            return
        if sources := changed - {DEFAULT_FILE}:
            self._take_sources(has_assets=any(map(is_of_assets, sources)))

    def press(self, key: str) -> None:
        """Do what a key is for; another key does nothing."""
        actions = {"o": self._open, "p": self._plan, "d": self._drift, "r": self._reset}
        if key in actions:
            actions[key]()

    def _begin(self) -> None:
        """What is live is what the last update made."""
        stack = read_stack(STACK, ROOT)
        self._account = stack.account()
        self._desired = stack.desired()
        modules = with_assets(bundle_workers(self._desired, root=ROOT), self._desired, root=ROOT)
        for key in modules:
            self._upload(key, modules[key])  # once, for the source maps, which an update does not send
        self._live = {key: module.fingerprint for key, module in modules.items()}
        self._live_assets = modules[self._desired.router].assets

    def _take_sources(self, *, has_assets: bool) -> None:
        start = time.monotonic()
        modules = bundle_workers(self._desired, root=ROOT)
        for key in [each for each in modules if modules[each].fingerprint != self._live.get(each)]:
            name = self._upload(key, modules[key])
            self._live = {**self._live, key: modules[key].fingerprint}
            self.say(f"{name} is live, {time.monotonic() - start:.2f} s after it was saved")
        if has_assets:
            self._take_assets(modules, start)

    def _take_assets(self, modules: Mapping[str, Module], start: float) -> None:
        router = with_assets(modules, self._desired, root=ROOT)[self._desired.router]
        if router.assets and router.assets != self._live_assets:
            name = self._worker(self._desired.router).name
            upload_assets(self._account, name, router, router.assets)
            self._live_assets = router.assets
            self.say(f"the static assets of {name} are live, {time.monotonic() - start:.2f} s after it was saved")

    def _upload(self, key: str, module: Module) -> str:
        worker = self._worker(key)
        upload(self._account, worker.name, module, is_router=key == self._desired.router)
        return worker.name

    def _worker(self, key: str) -> Worker:
        return next(each for each in self._desired.workers if each.key == key)

    def _take_file(self) -> bool:
        """Whether an update has made all that was saved live."""
        read_stack(STACK, ROOT).desired()  # a mistake stops here
        if not self._yes:
            pulumi("preview", "--stack", STACK, "--diff", "--suppress-outputs")
            if self.keys.ask("apply this? [y/N] ").lower() not in ("y", "yes"):
                self.say("not applied; `make up` applies it, or save the file again")
                return False
        stack = read_stack(STACK, ROOT)
        recover(stack, report=self.say)
        up.update(stack)
        self._begin_again()
        return True

    def _begin_again(self) -> None:
        self._account.close()
        self._begin()
        self.say(f"{DEFAULT_FILE} is live")

    def _open(self) -> None:
        url = up.page_url(environment()["ORCHESTRATOR_URL"])
        self.say(url)
        webbrowser.open(url)

    def _plan(self) -> None:
        task = self.keys.ask("task: ")
        if not task:
            return
        try:
            meta = json.loads(self.keys.ask("meta, as JSON: ") or "{}")
        except ValueError as error:
            raise OrchestratorError(f"this is no JSON: {error}", 'for example {"name": "Ada"}') from error
        with RemoteDispatcher(environment()["ORCHESTRATOR_URL"], secret("apiToken")) as orchestrator:
            answer = orchestrator.plan(task, meta)
        self.say(f"{answer.status} {up.shortened(answer.body)}")

    def _drift(self) -> None:
        command = [sys.executable, "-m", "orchestrator", "drift", "-s", STACK]
        subprocess.run(command, cwd=ROOT, env=environment(), check=False)

    def _reset(self) -> None:
        """Everything anew. The data on this machine goes, so it is asked for by a word."""
        if self.keys.ask("this deletes all data of the local stack; type reset: ") != "reset":
            self.say("nothing was deleted")
            return
        if destroy.main() != 0:
            raise OrchestratorError("the local stack could not be removed", "its output above says why")
        if up.up() != 0:
            raise OrchestratorError("the local stack did not come up again", "its output above says why: `make up`")
        self._begin_again()
