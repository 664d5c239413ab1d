"""The step of the `stage` workflow: a stage of its own for a pull request, and its end.

What is to be done, the event says: it is made or updated while the pull request is open and has the label `stage`, and
destroyed with its data when it is closed or loses the label.

The stage of pull request 7 is the stack `pr-7`. Its settings are a copy of the template stack's ($ORCHESTRATOR_STAGE),
so it has secrets of its own (Stripe's test key, not the real one), with `namePrefix` and `keepData: false` on top: the
data belongs to the stage.

Touches the stack's state and everything in the account that has its prefix.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrator.data.r2 import empty
from orchestrator.data.store import Store
from orchestrator.errors import CloudflareError, OrchestratorError
from orchestrator.kinds import Kind
from orchestrator.stack.config import Stack, read_stack, run_pulumi
from orchestrator.stack.recover import recover
from orchestrator.stack.updates import deploy
from scripts.github import GitHub, pull_request_of, read_event

LABEL = "stage"
MARKER = "stage"
_R2_BUCKET_NOT_FOUND = 404


def main(template: str, root: Path) -> int:
    try:
        event = read_event()
        number = pull_request_of(event)
        text = up(number, template, root) if is_wanted(event) else down(number, template, root)
        if text:
            with GitHub.from_environment() as github:
                github.put_comment(number, MARKER, text)
    except OrchestratorError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def is_wanted(event: Mapping[str, Any]) -> bool:
    """Whether the pull request of an event is to have a stage from now on."""
    labels = {label["name"] for label in event["pull_request"]["labels"]}
    return event["action"] != "closed" and LABEL in labels


def up(number: int, template: str, root: Path) -> str:
    """Make or update the stage of a pull request; the comment that says where it answers."""
    name = stage_name(number)
    if not exists(name, root):
        run_pulumi(["stack", "init", name, "--no-select"], root)
    configure(name, template, root)
    stack = read_stack(name, root)
    recover(stack, report=print)
    if failure := deploy(stack, display=sys.stdout, report=print):
        raise OrchestratorError(f"the stage {name} was not brought up: {failure}", "push again, or run the job again")
    url = run_pulumi(["stack", "output", "orchestratorUrl", "--stack", name], root).output.strip()
    return (
        f"### Stage\n\nThis pull request runs at {url}/health, everything of it with the prefix `{stack.name_prefix}`. "
        f"Callers present the `apiToken` of the stack `{template}`. It is destroyed, with its data, when the pull "
        "request is closed or the label is taken off."
    )


def down(number: int, template: str, root: Path) -> str | None:
    """Destroy the stage with its data; the comment that says so, None where there was none."""
    name = stage_name(number)
    if not exists(name, root):
        return None
    configure(name, template, root)
    stack = read_stack(name, root)
    recover(stack, report=print)
    empty_buckets(stack)
    run_pulumi(["destroy", "--yes", "--skip-preview", "--stack", name], root, show=True)
    run_pulumi(["stack", "rm", "--yes", "--stack", name], root)
    return f"### Stage\n\nThe stage `{name}` was destroyed, with its data."


def stage_name(number: int) -> str:
    return f"pr-{number}"


def exists(stack: str, root: Path) -> bool:
    """Whether the backend has it."""
    return run_pulumi(["stack", "export", "--stack", stack], root, check=False).code == 0


def configure(name: str, template: str, root: Path) -> None:
    """The template's settings, and what makes it a stage. A fresh checkout has no file of it."""
    run_pulumi(["config", "cp", "--stack", template, "--dest", name], root)
    plain = {"namePrefix": f"{name}-", "keepData": "false"}
    settings = [f"--plaintext={key}={value}" for key, value in plain.items()]
    run_pulumi(["config", "set-all", *settings, "--stack", name], root)


def empty_buckets(stack: Stack) -> None:
    """Cloudflare deletes no bucket with something in it."""
    with stack.account() as account:
        for bucket in stack.state().of_kind(Kind.R2_BUCKET).values():
            jurisdiction = str(bucket.outputs.get("jurisdiction") or "default")
            store = Store(kind="r2", name=bucket.id, id=bucket.id, jurisdiction=jurisdiction)
            try:
                empty(account, store, print)
            except CloudflareError as error:
                if error.status != _R2_BUCKET_NOT_FOUND:
                    raise


if __name__ == "__main__":
    sys.exit(main(os.environ["ORCHESTRATOR_STAGE"], Path.cwd()))
