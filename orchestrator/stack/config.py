"""A Pulumi stack as the commands outside the program see it: its configuration, and what its state knows.

Everything goes through the `pulumi` command, so that any backend, secrets provider and stack name works as it does
for `pulumi up`. Values of secrets pass through here only where a command needs one itself (the API token); of all
others only the names are kept.

Touches child processes (`pulumi`), and reads Pulumi.yaml and the manifest.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import yaml

from orchestrator.cloudflare.account import Account
from orchestrator.cloudflare.r2_settings import keys_of_config
from orchestrator.cloudflare.s3_signature import S3Keys
from orchestrator.desired.bindings import SECRETS_BY_CONFIG_KEY
from orchestrator.desired.derive import Desired, derive
from orchestrator.errors import OrchestratorError, SettingsError, SetupError
from orchestrator.manifest import load
from orchestrator.stack.deployed import deployment_hash, secrets_digest
from orchestrator.stack.rules import listed_names
from orchestrator.stack.setting_names import local_state_problem
from orchestrator.stack.state import State, parse_state


@dataclass(frozen=True, kw_only=True)
class Finished:
    """How a command ended: its exit code, and what it printed (empty where it wrote to this terminal)."""

    code: int
    output: str
    errors: str


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack's configuration. `config` has the project's plain values by key; of secrets only the names are here, as
    Workers bind them. `start_empty`: names of stores that may begin empty in place of full ones; `drop_addresses`:
    hosts, and patterns of routes, that may go with a Worker that leaves. `base_url`: where its provider's API is, None
    for where CLOUDFLARE_BASE_URL says.
    """

    name: str
    root: Path
    account_id: str
    name_prefix: str
    keep_data: bool
    plan: str
    workers_url: str | None
    manifest: Path
    config: Mapping[str, str]
    secret_names: frozenset[str]
    secrets_digest: str = field(default="", repr=False)
    start_empty: tuple[str, ...] = ()
    drop_addresses: tuple[str, ...] = ()
    token: str | None = field(default=None, repr=False)
    base_url: str | None = None
    r2_keys: S3Keys | None = None

    def state(self) -> State:
        """What Pulumi's state knows now. Raises OrchestratorError with Pulumi's words when it cannot be read."""
        return parse_state(self.export())

    def export(self) -> dict[str, Any]:
        """The state as `pulumi stack export` gives it; secrets in it stay encrypted."""
        exported: dict[str, Any] = json.loads(run_pulumi(["stack", "export", "--stack", self.name], self.root).output)
        return exported

    def mark(self, state: State) -> str | None:
        """The platform's mark: what the configuration says, for a state that was lost, or `state`."""
        return self.config.get("mark") or state.mark

    def desired(self) -> Desired:
        """What the stack's file implies here. Raises ManifestError where the file is broken, SettingsError where the
        prefix makes a name that is not valid."""
        return derive(
            load(self.manifest),
            name_prefix=self.name_prefix,
            stage=self.name.rpartition("/")[2],
            custom_domains=self.config.get("customDomains") != "false",
        )

    def deployment_hash(self, desired: Desired, modules: Mapping[str, str]) -> str:
        """What tells that which the program would declare here from anything else; `modules`: their SHA-256 by key."""
        return deployment_hash(desired, modules, settings=self.config, secrets=self.secrets_digest)

    def account(self, **options: Any) -> Account:
        """The account that the stack's provider works on; `options` as Account takes them."""
        return Account.from_environment(
            self.account_id, self.token, base_url=self.base_url, r2_keys=self.r2_keys, **options
        )


def read_stack(stack: str | None, root: Path) -> Stack:
    """The configuration of `stack`; of $PULUMI_STACK or the selected one where None. `root` is the project's folder.

    Raises SettingsError where there is no such stack, it has no account, or this terminal is for the stack `local` and
    another is meant; OrchestratorError when Pulumi fails.
    """
    name = read_stack_name(stack, root)
    refuse_local_state(name, root)
    return parse_config(name, root, read_project_name(root), read_config(name, root))


def refuse_local_state(name: str, root: Path) -> None:
    """Raise SettingsError where another stack than `local` would have its state among that of `local`."""
    if problem := local_state_problem(name, backend_url=os.environ.get("PULUMI_BACKEND_URL"), root=root):
        raise SettingsError(problem.what, problem.command)


def read_config(name: str, root: Path) -> dict[str, dict[str, Any]]:
    """The configuration of the stack `name` as Pulumi prints it, values of secrets too, by `<project>:<key>`."""
    printed = run_pulumi(["config", "--json", "--show-secrets", "--stack", name], root).output
    config: dict[str, dict[str, Any]] = json.loads(printed or "{}")
    return config


def parse_config(name: str, root: Path, project: str, printed: Mapping[str, Mapping[str, Any]]) -> Stack:
    """A stack from what `pulumi config --json --show-secrets` printed. Raises SettingsError without an account."""
    own = {key.removeprefix(f"{project}:"): entry for key, entry in printed.items() if key.startswith(f"{project}:")}
    plain = {key: str(entry.get("value", "")) for key, entry in own.items() if not entry.get("secret")}
    if not plain.get("accountId"):
        raise SettingsError(
            f"the stack {name} has no account",
            f"pulumi config set accountId <the 32 hex digits in the dashboard's URL> -s {name}",
        )
    secrets = own.get("secrets", {}).get("objectValue") or {}
    # The program binds its own as secrets, also where somebody keeps one as a plain value.
    values = {name: own.get(key, {}).get("value") for key, name in SECRETS_BY_CONFIG_KEY.items()}
    own_secrets = {name: value for name, value in values.items() if value}
    token = printed.get("cloudflare:apiToken", {}).get("value")
    return Stack(
        name=name,
        root=root,
        account_id=plain["accountId"],
        name_prefix=plain.get("namePrefix", ""),
        keep_data=plain.get("keepData", "true") != "false",
        plan=plain.get("plan", "free"),
        workers_url=plain.get("workersUrl"),
        manifest=root / plain.get("manifest", "autopilots.yaml"),
        config=plain,
        secret_names=frozenset(secrets) | own_secrets.keys(),
        secrets_digest=secrets_digest({**secrets, **own_secrets}),
        start_empty=listed_names(own.get("startEmpty", {}).get("value")),
        drop_addresses=listed_names(own.get("dropAddresses", {}).get("value")),
        token=str(token) if token else None,
        base_url=printed.get("cloudflare:baseUrl", {}).get("value"),
        r2_keys=keys_of_config(name, own),
    )


def read_stack_file(stack: str, root: Path) -> Any:
    """Pulumi.<stack>.yaml, parsed; None where there is none or it is no YAML, which Pulumi tells."""
    try:
        return yaml.safe_load((root / f"Pulumi.{stack.rpartition('/')[2]}.yaml").read_text())
    except (OSError, ValueError, yaml.YAMLError):
        return None


def run_pulumi(
    arguments: Sequence[str],
    cwd: Path,
    *,
    stdin: str | None = None,
    environment: Mapping[str, str] | None = None,
    show: bool | TextIO = False,
    check: bool = True,
) -> Finished:
    """Run the Pulumi command line in `cwd`, to its end; `environment` is added to this process's.

    `show` lets it write to this terminal; where it is a stream, its display goes there, and its errors are kept for
    the caller. Ctrl-C is Pulumi's to answer: it ends what is under way and records it; KeyboardInterrupt comes after.
    Raises OrchestratorError with Pulumi's own words when it fails, unless `check` is false; SetupError without Pulumi.
    """
    on_terminal = show is True
    with _interrupts_are_pulumis() as interrupts:
        try:
            process = subprocess.Popen(
                ["pulumi", *arguments],
                cwd=cwd,
                env={**os.environ, **(environment or {})},
                text=True,
                stdin=subprocess.PIPE if stdin is not None else None if on_terminal else subprocess.DEVNULL,
                stdout=None if on_terminal else show or subprocess.PIPE,
                stderr=None if on_terminal else subprocess.PIPE,
            )
        except FileNotFoundError as error:
            raise SetupError("pulumi is not on PATH", "run `make setup`, then `make shell`") from error
        output, errors = process.communicate(stdin)
    if interrupts:  # of this process alone, too, of which Pulumi knew nothing and ended well
        raise KeyboardInterrupt
    finished = Finished(code=process.returncode, output=output or "", errors=errors or "")
    if check and finished.code != 0:
        reason = (finished.errors or finished.output).strip()
        raise OrchestratorError(f"`pulumi {arguments[0]}` failed{':' if reason else ''}\n{reason}".strip())
    return finished


@contextmanager
def _interrupts_are_pulumis() -> Iterator[list[int]]:
    """Ctrl-C goes to the whole process group; here it is only noted, in the list that this gives."""
    noted: list[int] = []
    if threading.current_thread() is not threading.main_thread():  # only the main thread gets them
        yield noted
        return
    answer_of_ours = signal.signal(signal.SIGINT, lambda number, _: noted.append(number))
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, answer_of_ours)


def read_stack_name(stack: str | None, root: Path) -> str:
    """The stack that is meant: the one named, that of $PULUMI_STACK, or the selected one. Raises SettingsError."""
    if named := stack or os.environ.get("PULUMI_STACK"):
        return named
    finished = run_pulumi(["stack", "--show-name"], root, check=False)
    if finished.code != 0:
        raise SettingsError("no stack was named and none is selected", "name one: -s prod, or export PULUMI_STACK")
    return finished.output.strip()


def read_project_name(root: Path) -> str:
    """What Pulumi.yaml calls the project. Raises SettingsError where there is none."""
    try:
        return str(yaml.safe_load((root / "Pulumi.yaml").read_text())["name"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SettingsError(f"there is no Pulumi project in {root}", "run this in the project's folder") from error
