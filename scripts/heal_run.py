"""A step of the `heal` workflow: `python -m orchestrator heal`, and one issue where a person has to decide.

Lost data (exit code 8) is not healed by the next run either, so the run ends green and says so in one issue, whose text
each run brings up to date; nobody is notified every 15 minutes. Once nothing is lost any more it is closed. Any other
failure fails the run. What an update leaves is published, without secrets, for previews of pull requests.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestrator.errors import LostData, OrchestratorError
from orchestrator.kinds import word_of
from scripts.deployed_state import publish
from scripts.github import GitHub, put_output, summarise

LABEL = "lost-data"
TITLE = "Data was lost in the Cloudflare account, and heal waits for a decision"
_HEAL = (sys.executable, "-m", "orchestrator", "heal", "--json")


def main(stack: str, heal: Sequence[str] = _HEAL) -> int:
    done = subprocess.run([*heal, "-s", stack], stdout=subprocess.PIPE, text=True, check=False)
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:  # it did not come so far; stderr, which is in the log, says why
        report = {}
    summarise(summary(report, stack=stack, code=done.returncode))
    try:
        if report.get("updated"):
            publish(stack, Path.cwd())
        with GitHub.from_environment() as github:
            if done.returncode == LostData.exit_code:
                ask(github, report, stack)
                put_output("lost", "true")
                return 0
            if done.returncode == 0:
                for number in github.open_issues(LABEL):
                    github.close_issue(number, f"Nothing is lost any more: {github.run_url}")
    except OrchestratorError as error:
        print(error, file=sys.stderr)
        return done.returncode or error.exit_code
    return done.returncode


def ask(github: GitHub, report: Mapping[str, Any], stack: str) -> None:
    """See that there is one open issue with what is lost now."""
    body = question(report, stack=stack, run_url=github.run_url)
    known = github.open_issues(LABEL)
    number = known[0] if known else github.open_issue(LABEL, TITLE, body)
    if known:
        github.edit_issue(number, body)
    print(f"::warning title=Data was lost::Heal has stopped before it; issue #{number} says what and what to do.")


def question(report: Mapping[str, Any], *, stack: str, run_url: str) -> str:
    """The issue's text: what is lost, since when, and the two ways out."""
    lines = [f"The stack `{stack}` knows these, and they are gone from the account:", ""]
    for lost in report["lost"]:
        since = f", missing since {lost['missingSince']}" if lost["missingSince"] else ""
        known = f", last changed by the stack at {lost['touched']}" if lost["touched"] else ""
        again = "; another one of that name is there" if lost["instead"] else ""
        lines.append(f"- {word_of(lost['kind'])} `{lost['name']}` (id `{lost['id']}`{known}{since}){again}")
    names = " ".join(f"--recreate {shlex.quote(lost['key'])}" for lost in report["lost"] if not lost["instead"])
    lines += ["", "Heal never recreates them by itself, since they would be empty. Everything else was repaired.", ""]
    if names:
        lines.append(f"- The data is lost, and empty ones will do: `python -m orchestrator heal -s {stack} {names}`")
    lines += [
        f"- Somebody has made a new one of that name: `python -m orchestrator adopt -s {stack}`",
        "",
        "A backup, where there is one, comes back with `python -m orchestrator restore` after either.",
        "",
        f"Seen by {run_url}. The next run of the workflow closes this issue when nothing is lost any more.",
    ]
    return "\n".join(lines)


def summary(report: Mapping[str, Any], *, stack: str, code: int) -> str:
    """For the page of the run."""
    status = report.get("status", "could not be checked")
    parts = [f"### Heal of `{stack}`: {status} (exit code {code})", ""]
    for heading in ("repaired", "recreated", "held", "lost", "left"):
        parts += [f"- {heading}: {word_of(each['kind'])} `{each['name']}`" for each in report.get(heading, ())]
    return "\n".join([*parts, "", f"{report['apiCalls']} API calls"] if report else parts)


if __name__ == "__main__":
    sys.exit(main(os.environ["ORCHESTRATOR_STACK"]))
