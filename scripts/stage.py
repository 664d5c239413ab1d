"""The step of the `stage` workflow: a stage of its own for a pull request, and its end.

A stage is wanted while the pull request is open and has the label `stage`, as GitHub says when the step runs: the event
may be older. Then it is made or updated, else destroyed with its data. Where the run is for no pull request (of main)
every stage is destroyed that is not wanted any more: an event may have been missed, or its run have failed.

The stage of pull request 7 is the stack `pr-7`. Its settings are a copy of the template stack's ($ORCHESTRATOR_STAGE),
so it has secrets of its own (Stripe's test key, not the real one), with `namePrefix` and `keepData: false` on top: the
data belongs to the stage. Custom domains are production's: a host leads to one Worker. What watches over an account is
not copied: a stage heals nothing and alerts nobody.

Touches the stack's state and everything in the account that has its prefix.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrator.data.r2.contents import empty
from orchestrator.data.store import Store
from orchestrator.errors import CloudflareError, OrchestratorError
from orchestrator.kinds import Kind
from orchestrator.stack.config import Stack, read_stack, run_pulumi
from orchestrator.stack.recover import recover
from orchestrator.stack.updates import deploy
from scripts.github import GitHub, pull_request_of, read_event

LABEL = "stage"
MARKER = "stage"
NOT_INHERITED = ("heal", "alertUrl", "alertUrls", "diagnoseToken", "analyticsToken")
"""Settings of the template that are for the account and the people of production."""
_PREFIX = "pr-"
_R2_BUCKET_NOT_FOUND = 404


def main(template: str, root: Path) -> int:
    try:
        event = read_event()
        with GitHub.from_environment() as github:
            if "pull_request" not in event:
                return sweep(github, template, root)
            number = pull_request_of(event)
            wanted = is_wanted(github.pull_request(number))
            if text := up(number, template, root) if wanted else down(number, template, root):
                github.put_comment(number, MARKER, text)
    except OrchestratorError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def is_wanted(pull_request: Mapping[str, Any]) -> bool:
    """Whether a pull request, as GitHub knows it now, is to have a stage."""
    return pull_request["state"] == "open" and LABEL in {label["name"] for label in pull_request["labels"]}


def sweep(github: GitHub, template: str, root: Path) -> int:
    """Destroy every stage that is not wanted; one that cannot be destroyed does not keep the others. The exit code."""
    code = 0
    for number in stages(root):
        try:
            if is_wanted(github.pull_request(number)):
                continue
            print(f"The stage {stage_name(number)} is not wanted any more.")
            if text := down(number, template, root):
                github.put_comment(number, MARKER, text)
        except OrchestratorError as error:
            print(f"{stage_name(number)}: {error}", file=sys.stderr)
            code = error.exit_code
    return code


def up(number: int, template: str, root: Path) -> str:
    """Make or update the stage of a pull request; the comment that says where it answers."""
    name = stage_name(number)
    if number not in stages(root):
        run_pulumi(["stack", "init", name, "--no-select"], root)
    configure(name, template, root)
    stack = read_stack(name, root)
    recover(stack, report=print)
    if failure := deploy(stack, display=sys.stdout, report=print):
        raise OrchestratorError(f"the stage {name} was not brought up: {failure}", "push again, or run the job again")
    url = run_pulumi(["stack", "output", "orchestratorUrl", "--stack", name], root).output.strip()
    return (
        f"### Stage\n\nThis pull request runs at {url}/health, everything of it with the prefix `{stack.name_prefix}`. "
        f"Callers present the `apiToken` of the stack `{template}`. It is destroyed, with its data, once the pull "
        "request is merged, or within six hours after it was closed or the label was taken off."
    )


def down(number: int, template: str, root: Path) -> str | None:
    """Destroy the stage with its data; the comment that says so, None where there was none."""
    name = stage_name(number)
    if number not in stages(root):
        return None
    configure(name, template, root)
    stack = read_stack(name, root)
    recover(stack, report=print)
    empty_buckets(stack)
    run_pulumi(["destroy", "--yes", "--skip-preview", "--stack", name], root, show=True)
    run_pulumi(["stack", "rm", "--yes", "--stack", name], root)
    return f"### Stage\n\nThe stage `{name}` was destroyed, with its data."


def stage_name(number: int) -> str:
    return f"{_PREFIX}{number}"


def stages(root: Path) -> list[int]:
    """The pull requests whose stages the backend has. Raises OrchestratorError where it does not answer."""
    listed = json.loads(run_pulumi(["stack", "ls", "--json"], root).output)
    names = [str(each["name"]).rpartition("/")[2] for each in listed]
    return sorted(int(name.removeprefix(_PREFIX)) for name in names if re.fullmatch(rf"{_PREFIX}\d+", name))


def configure(name: str, template: str, root: Path) -> None:
    """The template's settings, and what makes it a stage. A fresh checkout has no file of it."""
    run_pulumi(["config", "cp", "--stack", template, "--dest", name], root)
    run_pulumi(["config", "rm-all", *NOT_INHERITED, "--stack", name], root)
    plain = {"namePrefix": f"{name}-", "keepData": "false", "customDomains": "false"}
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
