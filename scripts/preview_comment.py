"""A step of the `preview` workflow: what the pull request changes for people, as one comment that stays up to date.

It runs on a stack without secrets, with the state that the last deployment has published (`scripts.deployed_state`).
What it takes together: the risks of the edit, `doctor`, the limits of the plan with what else is in the account, the
capabilities before and after, and `pulumi preview`. It fails where the preview would, where the file has a mistake, or
where `doctor` found something to put right; the comment is written all the same.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from orchestrator.bundle.modules import bundle_workers, module_sizes
from orchestrator.checks.check import Check, exit_code, fixes
from orchestrator.checks.doctor import examine
from orchestrator.cloudflare.inventory import take_inventory
from orchestrator.errors import BundleError, CloudflareError, ManifestError, OrchestratorError, SettingsError
from orchestrator.limits import Plan, Use, usage
from orchestrator.manifest import Manifest, load, parse
from orchestrator.manifest.risks import risks
from orchestrator.routing.compile import compile_routes
from orchestrator.stack.config import Stack, read_stack, run_pulumi
from orchestrator.stack.preview import Changes, capability_changes, changes, markdown
from scripts.deployed_state import preview_stack
from scripts.github import GitHub, pull_request_of, read_event, summarise

_TITLE = "What this changes on the stack `{stack}`"
_BASE = "HEAD^1"  # of the merge commit that GitHub checks out for a pull request: where it would be merged to


def main(name: str, root: Path) -> int:
    try:
        try:
            text, code = write(name, root)
        except OrchestratorError as error:
            print(error, file=sys.stderr)
            text, code = refused(error, stack=name), error.exit_code
        summarise(text)
        with GitHub.from_environment() as github:
            github.put_comment(pull_request_of(read_event()), "preview", text)
    except OrchestratorError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return code


def write(name: str, root: Path) -> tuple[str, int]:
    """The comment and the exit code. Raises OrchestratorError where it cannot come to a preview."""
    if not os.environ.get("CLOUDFLARE_API_TOKEN"):
        raise SettingsError(
            "a preview has no token for Cloudflare's API",
            "set the repository's secret CLOUDFLARE_READ_TOKEN (docs/guide/deploying.md)",
        )
    with preview_stack(name, root) as published:
        local = name.rpartition("/")[2]
        stack = read_stack(local, root)
        manifest, before = load(stack.manifest), _before(stack.manifest, root)
        checks = [check for check in examine(local, root) if not _is_of_writing(check)]
        found = _preview(stack)
        text = comment(
            checks,
            found,
            capability_changes(compile_routes(before) if before else None, compile_routes(manifest)),
            _uses(stack),
            risks=risks(before, manifest) if before else (),
            stack=name,
            published=published,
        )
    return text, 1 if found.problems else exit_code([check for check in checks if check.state == "problem"])


def refused(error: OrchestratorError, *, stack: str) -> str:
    """The comment where the file has mistakes, or the preview cannot begin."""
    return f"### {_TITLE.format(stack=stack)}\n\n**It cannot be deployed:**\n\n```\n{error}\n```\n"


def comment(
    checks: Sequence[Check],
    found: Changes,
    capabilities: Sequence[str],
    uses: Sequence[Use],
    *,
    stack: str,
    risks: Sequence[str] = (),
    published: bool = True,
) -> str:
    """The comment: what `doctor` found wrong first, since nothing else can be relied on then.

    `published`: whether a deployment has published the state that this was compared with.
    """
    wrong = [check for check in checks if check.state == "problem"]
    unknown = [check for check in checks if check.state == "unknown"]
    parts = []
    if not published:
        parts.append(
            "It was compared with an empty stack: no deployment has published what it left, or GitHub has dropped it. "
            "A run of the workflow `deploy` publishes it."
        )
    if wrong:
        lines = [f"- {check.name}: {check.detail}" for check in wrong] + [f"  - {fix}" for fix in fixes(wrong)]
        parts.append("\n".join(["**To put right before an update** (`python -m orchestrator doctor`)", "", *lines]))
    if unknown:
        parts.append(f"Could not be checked: {', '.join(check.name for check in unknown)}.")
    told = markdown(found, risks=risks, capabilities=capabilities, uses=uses, title=_TITLE.format(stack=stack))
    return "\n\n".join([told.rstrip(), *parts]) + "\n"


def _is_of_writing(check: Check) -> bool:
    """A preview only reads, and should have a token for no more; before a deployment `doctor` looks at this too."""
    return check.name.startswith("permission ") and check.name.endswith(" Edit")


def _preview(stack: Stack) -> Changes:
    """Pulumi tells the reason of a failure in the same JSON, and some before it comes to that."""
    finished = run_pulumi(["preview", "--json", "--non-interactive", "--stack", stack.name], stack.root, check=False)
    try:
        found = changes(json.loads(finished.output))
    except ValueError:
        return Changes(problems=((finished.errors or finished.output).strip(),))
    if finished.code != 0 and not found.problems:
        return Changes(problems=(finished.errors.strip() or "`pulumi preview` failed; its log says why",))
    return found


def _before(manifest: Path, root: Path) -> Manifest | None:
    """The file of the branch that it would be merged to; None where there was no right one."""
    file = manifest.relative_to(root).as_posix()
    shown = subprocess.run(["git", "show", f"{_BASE}:{file}"], cwd=root, capture_output=True, text=True, check=False)
    if shown.returncode != 0:
        return None
    try:
        return parse(shown.stdout, file)
    except ManifestError:
        return None


def _uses(stack: Stack) -> list[Use]:
    desired = stack.desired()
    try:
        sizes = module_sizes(bundle_workers(desired, root=stack.root), root=stack.root)
    except BundleError:  # the preview tells of it
        return []
    try:
        with stack.account() as account:
            inventory = take_inventory(account, desired)
    except CloudflareError:  # what is declared counts all the same; `doctor` says that the account was not read
        inventory = None
    plan: Plan = "paid" if stack.plan == "paid" else "free"
    return list(usage(desired, plan=plan, module_sizes=sizes, account=inventory))


if __name__ == "__main__":
    sys.exit(main(os.environ["ORCHESTRATOR_STACK"], Path.cwd()))
