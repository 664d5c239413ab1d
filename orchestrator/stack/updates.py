"""Pulumi runs that change a stack and may meet another run: update, preview.

Pulumi itself locks a stack in every backend and refuses the second run; here that refusal is waited out. Beside it
there is one lock of this machine for commands that take several steps (`one_at_a_time`): the kernel gives it back when
its holder dies, so that nothing has to be cleaned up after a kill.

Touches child processes (`pulumi`), and `.build/` in the project's folder.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from orchestrator.errors import OrchestratorError
from orchestrator.files import take_lock
from orchestrator.stack.config import Finished, Stack, run_pulumi
from orchestrator.stack.edit import Report
from orchestrator.stack.locks import TIMEOUT_S, is_busy

_POLL_S = 1.0
_EXPECTED_NO_CHANGES = 7  # Pulumi's exit code where there are some


def update(stack: Stack, *, exclude: Sequence[str] = (), display: TextIO, report: Report) -> str | None:
    """`pulumi up --refresh`, without what `exclude` names (URNs, `**` for any text); None, or why it failed.

    Pulumi's display goes to `display`. One resource that fails holds back only those that depend on it.
    """
    return _up(stack, ["--refresh", "--continue-on-error", *_excluding(exclude)], display, report)


def deploy(stack: Stack, *, display: TextIO, report: Report) -> str | None:
    """`pulumi up`, for what has changed in file and program; the account is not read. None, or why it failed."""
    return _up(stack, [], display, report)


def _up(stack: Stack, arguments: Sequence[str], display: TextIO, report: Report) -> str | None:
    always = ["up", "--yes", "--skip-preview", "--suppress-outputs"]
    finished = run_when_free(stack, [*always, *arguments], report, show=display)
    if finished.code == 0:
        return None
    return finished.errors.strip() or "`pulumi up` failed; its output above says why"


def would_change(stack: Stack, *, exclude: Sequence[str] = ()) -> bool:
    """Whether `pulumi preview` of the program against the state proposes a change. Raises OrchestratorError."""
    arguments = ["preview", "--expect-no-changes", *_excluding(exclude), "--stack", stack.name]
    finished = run_pulumi(arguments, stack.root, check=False)
    if finished.code in (0, _EXPECTED_NO_CHANGES):
        return finished.code != 0
    raise OrchestratorError(f"`pulumi preview` failed:\n{(finished.output + finished.errors).strip()}")


@contextmanager
def one_at_a_time(stack: Stack, what: str, report: Report) -> Iterator[None]:
    """Hold this machine's lock for `what` on the stack, after waiting for another holder."""
    folder = stack.root / ".build"
    folder.mkdir(exist_ok=True)
    with (folder / f"{what}-{stack.name.replace('/', '-')}.lock").open("a") as file:
        _wait(lambda: take_lock(file), f"another {what} of the stack {stack.name}", stack, report)
        yield


def run_when_free(stack: Stack, arguments: Sequence[str], report: Report, **options: Any) -> Finished:
    """Run Pulumi as soon as no other run holds the stack; how it ended. `options` as `run_pulumi` takes them."""
    runs: list[Finished] = []

    def run() -> bool:
        runs.append(run_pulumi([*arguments, "--stack", stack.name], stack.root, check=False, **options))
        return not is_busy(runs[-1])

    _wait(run, f"another update of the stack {stack.name}", stack, report)
    return runs[-1]


def _wait(done: Callable[[], bool], for_what: str, stack: Stack, report: Report) -> None:
    """Try until `done`; says once what it waits for. Raises OrchestratorError when it takes too long."""
    deadline = time.monotonic() + TIMEOUT_S
    told = False
    while not done():
        if not told:
            report(f"Waiting for {for_what} to end.")
            told = True
        if time.monotonic() > deadline:
            raise OrchestratorError(
                f"{for_what} has been running for {TIMEOUT_S // 60} minutes; nothing was changed",
                f"try again later; if that update was killed and left its lock behind: pulumi cancel -s {stack.name}",
            )
        time.sleep(_POLL_S)


def _excluding(patterns: Sequence[str]) -> list[str]:
    return [argument for pattern in patterns for argument in ("--exclude", pattern)]
