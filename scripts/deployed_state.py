"""What the preview of a pull request compares with: the state of the stack after a deployment, without its secrets.

`deploy` and `heal`, which run what is on main, publish it, and GitHub's cache of main carries it. A preview, which runs
code of a pull request, gets neither the real state nor what opens it: it imports this one into a backend in a folder of
its own, under a passphrase of its own, with placeholders for secrets. docs/decisions/0018-workflows-and-secrets.md.

Touches the real state only to read it, `.build/deployed`, and for a preview the checkout's `Pulumi.<stack>.yaml`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

import yaml

from orchestrator.bundle.modules import BUILD
from orchestrator.errors import OrchestratorError, SettingsError
from orchestrator.files import PRIVATE, write_whole
from orchestrator.stack.config import read_config, run_pulumi
from orchestrator.stack.placeholders import (
    SECRETS_LEFT_OUT,
    secret_texts,
    settings_without_secrets,
    state_without_secrets,
)

_OF_THE_REAL_BACKEND = ("PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_STACK", "PULUMI_ORG")


def file_of(root: Path) -> Path:
    """Where it is while a job runs."""
    return root / BUILD / "deployed" / "state.json"


def publish(name: str, root: Path) -> None:
    """Write the state of the stack `name` as previews may have it. Raises OrchestratorError where a secret is in it."""
    exported = json.loads(run_pulumi(["stack", "export", "--show-secrets", "--stack", name], root).output)
    text = json.dumps(state_without_secrets(exported))
    unescaped = text.replace("\\", "")
    if any(secret in text or secret.replace("\\", "") in unescaped for secret in secret_texts(read_config(name, root))):
        raise OrchestratorError(
            f"the state of the stack {name} was not published for previews: a secret of its settings is in it as plain "
            "text",
            "a Worker's `vars`, or a name, in autopilots.yaml has the same text as a secret: change one of them",
        )
    file_of(root).parent.mkdir(parents=True, exist_ok=True)
    write_whole(file_of(root), text, mode=PRIVATE)


@contextmanager
def preview_stack(name: str, root: Path) -> Iterator[bool]:
    """Make the stack `name` one that has no secret, for the time of this block: state, settings and environment.

    Gives whether there was a published state; without one the stack is empty.
    """
    stack = name.rpartition("/")[2]
    settings = root / f"Pulumi.{stack}.yaml"
    try:
        committed = settings.read_text()
    except OSError as error:
        raise SettingsError(f"the stack {name} has no {settings.name} here", "commit the one of the stack") from error
    before = dict(os.environ)
    try:
        with TemporaryDirectory() as state:
            for variable in _OF_THE_REAL_BACKEND:
                os.environ.pop(variable, None)
            os.environ |= {"PULUMI_BACKEND_URL": Path(state).as_uri(), "PULUMI_CONFIG_PASSPHRASE": token_hex(16)}
            plain, placeholders = settings_without_secrets(yaml.safe_load(committed) or {})
            settings.write_text(yaml.safe_dump(plain))
            run_pulumi(["stack", "init", stack, "--no-select"], root)
            given = [f"--secret={path}={value}" for path, value in placeholders.items()]
            given.append(f"--plaintext={SECRETS_LEFT_OUT}=true")
            run_pulumi(["config", "set-all", "--path", *given, "--stack", stack], root)
            published = file_of(root).exists()
            if published:
                state_of = json.loads(file_of(root).read_text())
                salt = {"salt": yaml.safe_load(settings.read_text())["encryptionsalt"]}
                state_of["deployment"]["secrets_providers"] = {"type": "passphrase", "state": salt}
                run_pulumi(["stack", "import", "--stack", stack], root, stdin=json.dumps(state_of))
            yield published
    finally:
        os.environ.clear()
        os.environ.update(before)
        settings.write_text(committed)
