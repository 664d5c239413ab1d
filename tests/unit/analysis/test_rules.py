"""The rule table: every command in it is one that there is, with its options, whatever the group has and has not."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from local_cloudflare.__main__ import make_parser as make_local_parser
from orchestrator.analysis.groups import RULES, group
from orchestrator.analysis.rules import advice_for
from orchestrator.cli import make_parser
from tests.support.project import ROOT
from tests.unit.analysis.test_groups import entry


def commands(rules: Any) -> Iterator[str]:
    for name, value in rules.items() if isinstance(rules, dict) else ():
        yield from [value] if isinstance(value, str) and name in ("command", "local", "account") else commands(value)


def follow(command: str) -> None:
    """Take a command as its program would. argparse ends the test where it would refuse it."""
    match command.split():
        case ["python", "-m", "orchestrator", *words]:
            options = make_parser(words).parse_args(words)
            assert options.run
        case ["python", "-m", "local_cloudflare", *words]:
            assert make_local_parser().parse_args(words).worker
        case ["npx", "wrangler", "tail", _]:
            assert "wrangler" in json.loads((ROOT / "package.json").read_text())["devDependencies"]
        case _:
            raise AssertionError(f"nobody knows how to follow {command!r}")


@pytest.mark.parametrize("command", sorted(set(commands(RULES))))
def test_each_command_of_the_table_is_taken_as_it_is_printed(command: str) -> None:
    follow(command.format(autopilot="payout-batch", outcome="rejected", worker="efh-payout-batch"))


def test_each_failure_has_a_command_without_a_place_to_fill_in() -> None:
    kinds = itertools.product(RULES["failed"], [None, 202, 401, 403, 404, 409, 422, 429, 503], ["payout-batch", None])

    found = [group([entry(outcome=outcome, status=status, autopilot=name)])[0] for outcome, status, name in kinds]

    for command in {advice_for(each).command for each in found}:
        assert not re.search(r"NAME|None|[{}]", command)
        follow(command)
