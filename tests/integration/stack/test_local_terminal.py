"""The terminal of `make shell` is for the stack `local`: no other one gets its state there, or loses it there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator.stack.setting_names import LOCAL_STATE
from tests.support.checkout import Checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout whose place for state has the stacks `local` and `prod`, as `pulumi stack init` makes them there."""
    checkout = Checkout.create(tmp_path / "project")
    state = checkout.folder / LOCAL_STATE
    state.mkdir(parents=True)
    (state.parent / "secrets").mkdir()
    (state.parent / "secrets" / "passphrase").write_text("passphrase")
    for stack in ("local", "prod"):
        pulumi(checkout, f"pulumi stack init {stack}")
    return checkout


def pulumi(checkout: Checkout, script: str, expect: int = 0) -> str:
    """Run a script where Pulumi's state is that of the stack `local`."""
    state = (checkout.folder / LOCAL_STATE).as_uri()
    settings = f"export PATH=$PWD/.venv/bin:$PATH PULUMI_BACKEND_URL='{state}?metadata=skip'\n"
    return checkout.run("bash", "-ec", f"{settings}export PULUMI_CONFIG_PASSPHRASE=passphrase\n{script}", expect=expect)


@pytest.mark.parametrize(
    ("command", "exit_code"),
    [
        ("pulumi preview -s prod", 1),
        ("python -m orchestrator doctor -s prod", 2),
        ("python -m orchestrator drift -s prod", 2),
        ("python -m orchestrator heal -s prod", 2),
    ],
)
def test_another_stack_is_refused_there(checkout: Checkout, command: str, exit_code: int) -> None:
    said = pulumi(checkout, command, expect=exit_code)

    words = " ".join(re.sub(r"\x1b\[\d+m", "", said).split())
    assert "this terminal is for the stack local (`make shell`), and prod would have its state in .local/state" in words
    assert "open another terminal, and there: pulumi login, pulumi stack init prod" in words


def test_its_state_leads_out(checkout: Checkout, tmp_path: Path) -> None:
    (elsewhere := tmp_path / "elsewhere").mkdir()

    pulumi(checkout, "pulumi stack export --show-secrets -s prod > state.json")
    pulumi(
        checkout,
        f"export PULUMI_BACKEND_URL={elsewhere.as_uri()}\n"
        "pulumi stack init prod\npulumi stack import -s prod < state.json\n"
        "python -m orchestrator doctor -s prod --json > doctor.json || test $? -ne 130",
    )

    assert "this terminal is for" not in (checkout.folder / "doctor.json").read_text()


def test_make_destroy_leaves_it(checkout: Checkout) -> None:
    said = checkout.make("destroy")

    assert f"Kept: the state of the stack prod in {checkout.folder / LOCAL_STATE}" in said
    assert pulumi(checkout, "pulumi stack ls --json | jq -r '.[].name'").split() == ["prod"]
    assert (checkout.folder / ".local" / "secrets" / "passphrase").exists()
    pulumi(checkout, "pulumi stack export -s prod")
