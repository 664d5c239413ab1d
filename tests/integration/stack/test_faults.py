"""Trouble at each call of a whole update and of a whole heal: it ends well, or with a clear error and the next heal
repairs it. Nothing twice, nothing lost.

A fault strikes one call (method and path) once, or so often that the provider gives up. By default a few cases that
have hurt somebody, in one run; `FAULTS=all` tries each trouble at each call by itself, `FAULTS=5` each at that many
calls at random (`FAULT_SEED` repeats them). With `-n 3 --dist load -rP` they run side by side and say how they ended.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from orchestrator.errors import OrchestratorError
from tests.support.drift_kinds import KINDS
from tests.support.drift_stack import KEEPER
from tests.support.healed_stack import HealedStack, recreating
from tests.support.local_cloudflare import LocalCloudflare

WANTED = os.environ.get("FAULTS", "")
USUAL = "usual"
SEED = os.environ.get("FAULT_SEED") or str(random.randrange(10**6))  # noqa: S311 - moments, not secrets
SEVERAL = next(kind for kind in KINDS if kind.name == "several at once, with lost data")
ID = re.compile(r"[0-9a-f]{32}|[0-9a-f-]{36}")
GIVES_UP = 3  # the provider tries a call three times

TROUBLE: dict[str, dict[str, Any]] = {
    "429": {"effect": "status", "status": 429, "retryAfter": 1},
    "500": {"effect": "status", "status": 500},
    "500 after the effect": {"effect": "status", "status": 500, "when": "after"},
    "cut before": {"effect": "reset"},
    "cut after the effect": {"effect": "reset", "when": "after"},
    "slow": {"effect": "delay", "seconds": 1.0},
    "stale": {"effect": "stale"},
}


@dataclass(frozen=True)
class Case:
    """What happens to which call, and how often."""

    method: str
    path: str
    trouble: str
    times: int

    @property
    def rule(self) -> dict[str, Any]:
        return {"method": self.method, "path": self.path, "times": self.times, **TROUBLE[self.trouble]}

    @property
    def makes_sense(self) -> bool:
        return self.trouble != "stale" or self.method == "GET"


USUAL_OF_UPDATE = (
    Case("POST", "*/storage/kv/namespaces", "cut after the effect", 1),
    Case("POST", "*/r2/buckets", "500 after the effect", GIVES_UP),
    Case("PUT", f"*/workers/scripts/{KEEPER}", "cut after the effect", GIVES_UP),
)
USUAL_OF_HEAL = (
    Case("PUT", "*/schedules", "500", GIVES_UP),
    Case("GET", f"*/workers/scripts/{KEEPER}/settings", "429", GIVES_UP),
    Case("POST", "*/d1/database", "cut after the effect", GIVES_UP),
)


PERSISTING = [(trouble, GIVES_UP) for trouble in TROUBLE]
# Nothing gives up because of what is late or stale, so once would be no other case.
PASSING = [(trouble, 1) for trouble in TROUBLE if trouble not in ("slow", "stale")]
each_trouble = pytest.mark.parametrize(("trouble", "times"), [*PERSISTING, *PASSING] if WANTED else [(USUAL, GIVES_UP)])


@pytest.fixture(scope="module")
def stack(cloudflare_server: LocalCloudflare, tmp_path_factory: pytest.TempPathFactory) -> HealedStack:
    cloudflare_server.reset()
    return HealedStack(tmp_path_factory.mktemp("faults"), cloudflare_server)


def runs(
    stack: HealedStack, trouble: str, times: int, usual: tuple[Case, ...], undisturbed: Callable[[], object]
) -> list[tuple[Case, ...]]:
    """What is to happen in each run: the usual cases together, or `trouble` at one of an undisturbed run's calls."""
    if trouble == USUAL:
        return [usual]
    known = json.dumps(stack.server.local("GET", "/state")) + stack.server.account_id
    stack.server.local("DELETE", "/calls")
    undisturbed()
    calls = stack.server.local("GET", "/calls")["calls"]
    each = dict.fromkeys((call["method"], _lasting(call["path"], known)) for call in calls)
    sensible: list[tuple[Case, ...]] = [(case,) for call in each if (case := Case(*call, trouble, times)).makes_sense]
    if WANTED == "all":
        return sensible
    return random.Random(f"{SEED} {trouble} {times}").sample(sensible, min(int(WANTED), len(sensible)))  # noqa: S311


def _lasting(path: str, known: str) -> str:
    """A path that the next run has, too: ids of what the run itself makes differ."""
    return ID.sub(lambda found: found[0] if found[0] in known else "*", path)


def try_each(
    stack: HealedStack, wanted: Iterable[tuple[Case, ...]], begin: Callable[[], None], run: Callable[[], int]
) -> None:
    """Each from the same beginning. What goes wrong in any is told at the end, with how many there were."""
    ended = {"well": 0, "by an error": 0, "not struck": 0}
    wrong: list[str] = []
    for cases in wanted:
        begin()
        stack.server.local("PUT", "/faults", {"faults": [case.rule for case in cases]})
        try:
            code = run()
            struck = any(fault["struck"] for fault in stack.server.local("GET", "/faults")["faults"])
            ended["by an error" if code else "well" if struck else "not struck"] += 1
            stack.server.local("DELETE", "/faults")
            if code != 0:
                stack.heal(*recreating(SEVERAL.lost))
            assert stack.duplicates() == []
            assert stack.drift().drifted == ()
        except (AssertionError, OrchestratorError, subprocess.TimeoutExpired) as error:
            wrong.append(f"{cases}: {error}")
    assert not wrong, f"{len(wrong)} of {sum(ended.values())} (seed {SEED}, ended {ended}):\n" + "\n".join(wrong)
    print(f"ended {ended}")  # noqa: T201 - with pytest -rP


@pytest.mark.timeout(6 * 3600)
@each_trouble
def test_an_update(stack: HealedStack, trouble: str, times: int) -> None:
    def run() -> int:
        update = stack.project.project.start("up", "--yes", "--skip-preview")
        output, _ = update.communicate(timeout=240)
        assert update.returncode == 0 or "error:" in output
        return update.returncode

    stack.begin_anew()
    try_each(stack, runs(stack, trouble, times, USUAL_OF_UPDATE, run), stack.begin_anew, run)


@pytest.mark.timeout(6 * 3600)
@each_trouble
def test_a_heal(stack: HealedStack, trouble: str, times: int) -> None:
    def begin() -> None:
        stack.restore()
        SEVERAL.does(stack.outside)

    def run() -> int:
        healing = stack.start(*recreating(SEVERAL.lost))
        output, errors = healing.communicate(timeout=240)
        assert healing.returncode in (0, 1, 7), output + errors
        assert healing.returncode == 0 or "error:" in errors
        return healing.returncode

    begin()
    try_each(stack, runs(stack, trouble, times, USUAL_OF_HEAL, run), begin, run)
