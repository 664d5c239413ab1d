"""Taking over: what a stack lacks and the account has is imported, protected, and then made as it is declared.

`pulumi import` reads each thing and protects it, so that nothing can replace or delete it before an update has agreed
with the program. That update also lifts the protection, as the program declares it. Each step can be interrupted: what
is imported stays imported, and the next run continues with the rest.

Touches child processes (`pulumi`), the stack's state, and the account by the update.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

from orchestrator.adopt.existing import Elsewhere, Existing, Theirs, find, find_elsewhere
from orchestrator.adopt.replaced import Taken, point_at, rename
from orchestrator.adopt.wanted import Wanted, given_way, import_document, wanted
from orchestrator.cloudflare.account import Account
from orchestrator.desired.ownership import ALLOW
from orchestrator.drift.findings import Finding
from orchestrator.errors import OrchestratorError
from orchestrator.kinds import Kind
from orchestrator.stack.config import Stack, run_pulumi
from orchestrator.stack.edit import Report, edit_state
from orchestrator.stack.state import parse_state
from orchestrator.stack.updates import deploy, run_when_free, would_change


@dataclass(frozen=True, kw_only=True)
class Takeover:
    """`existing`: what can be taken over; `preview`: all that an update would do, as Pulumi's JSON.

    `theirs`: what another platform has of it, which is not to be had. `renamed`: data that the file names in place of
    what the stack has. `elsewhere`: full buckets in another jurisdiction than the file says. `replaced`: lost things of
    which there is another one of the same name. `unfinished`: an earlier adoption was interrupted after its import.
    """

    existing: tuple[Existing, ...]
    preview: Mapping[str, Any]
    theirs: tuple[Theirs, ...] = ()
    renamed: tuple[Existing, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()
    replaced: tuple[Finding, ...] = ()
    unfinished: bool = False

    @property
    def foreign(self) -> tuple[Existing, ...]:
        """The Workers that the stack did not upload."""
        return tuple(each for each in self.existing if not each.ours)


def find_takeover(stack: Stack, account: Account) -> Takeover:
    """Look; change nothing. Raises OrchestratorError with Pulumi's words where the program does not run."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "import.json"
        arguments = ["preview", "--json", "--import-file", str(file), "--stack", stack.name]
        finished = run_pulumi(arguments, stack.root, environment={ALLOW: "1"}, check=False)
        if finished.code != 0:
            raise OrchestratorError(f"`pulumi preview` failed:\n{_reasons(finished.output) or finished.errors.strip()}")
        preview: dict[str, Any] = json.loads(finished.output)
        import_file: dict[str, Any] = {"resources": [], **json.loads(file.read_text())}
    exported = stack.export()
    mark, lacking, other = stack.mark(parse_state(exported)), wanted(preview, import_file), given_way(preview)
    existing, theirs = find(account, lacking, mark)
    renamed, theirs_too = find(account, other, mark)
    return Takeover(
        existing=existing,
        theirs=(*theirs, *theirs_too),
        renamed=renamed,
        elsewhere=find_elsewhere(account, [each for each in (*lacking, *other) if each.name not in stack.start_empty]),
        preview=preview,
        unfinished=any(each.get("protect") for each in exported["deployment"].get("resources") or ()),
    )


def take_over(stack: Stack, account: Account, found: Takeover, *, report: Report, display: TextIO) -> None:
    """Import what was found, and bring the stack to an empty preview; Pulumi's display of the update to `display`."""
    if found.replaced:
        edit_state(stack, lambda state: point_at(state, found.replaced), report)
    if found.renamed:
        _rename(stack, account, found.renamed, report)
    import_existing(stack, found, found.existing)
    if failure := deploy(stack, display=display, report=report):
        again = f"python -m orchestrator adopt -s {stack.name} continues from here"
        raise OrchestratorError(f"everything is imported, but the update failed: {failure}", again)
    if would_change(stack):
        raise OrchestratorError(
            f"everything is imported, but a preview of the stack {stack.name} still shows changes",
            f"pulumi preview --diff -s {stack.name} shows them",
        )


def _rename(stack: Stack, account: Account, renamed: Sequence[Existing], report: Report) -> None:
    """The state has them in place of what it had, which stays in the account; what else they are is read again."""
    taken = [Taken(wanted=each.wanted, id=each.id, made=_read_creation_date(account, each.wanted)) for each in renamed]
    edit_state(stack, lambda state: rename(state, taken), report)
    known = stack.state()
    urns = [known.of_kind(each.wanted.kind)[each.wanted.key].urn for each in renamed]
    targets = [argument for urn in urns for argument in ("--target", urn)]
    finished = run_when_free(stack, ["refresh", "--yes", "--skip-preview", *targets], report)
    if finished.code != 0:
        raise OrchestratorError(f"`pulumi refresh` failed:\n{(finished.errors or finished.output).strip()}")


def _read_creation_date(account: Account, wanted: Wanted) -> str | None:
    """When a bucket was created, by which another one of its name is told from it."""
    if wanted.kind is not Kind.R2_BUCKET:
        return None
    return account.bucket(wanted.name, wanted.jurisdiction).get("creation_date")


def import_existing(stack: Stack, found: Takeover, chosen: Sequence[Existing]) -> None:
    """Into the state, protected; nothing in the account changes."""
    if not chosen:
        return
    document = import_document(found.preview, {each.wanted: each.id for each in chosen})
    with TemporaryDirectory() as folder:
        file = Path(folder) / "import.json"
        file.write_text(json.dumps(document))
        options = ["--yes", "--skip-preview", "--generate-code=false", "--protect=true"]
        run_pulumi(["import", "--file", str(file), *options, "--stack", stack.name], stack.root)


def _reasons(output: str) -> str:
    """The errors in a preview's JSON."""
    try:
        diagnostics = json.loads(output).get("diagnostics") or ()
    except ValueError:
        return output.strip()
    return "\n".join(each["message"].strip() for each in diagnostics if each.get("severity") == "error")
