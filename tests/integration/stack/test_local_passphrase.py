"""Where somebody deleted `.local`, or the secrets in it, `make up` says what cannot be read, and the way out."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.support.checkout import Checkout

# What `make up` does of its stack before it needs the local Cloudflare, and the first secret after it.
OPEN = """
import sys
from local_cloudflare.settings import load_or_create, save
from orchestrator.errors import OrchestratorError
from scripts.local_stack import CLOUDFLARE, STACK, pulumi
from scripts.up import open_stack
save(CLOUDFLARE, load_or_create(CLOUDFLARE))
try:
    open_stack()
    pulumi("config", "set", "--secret", "apiToken", "--stack", STACK, capture=True, stdin="a secret")
except OrchestratorError as error:
    print(error)
    sys.exit(error.exit_code)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    checkout = Checkout.create(tmp_path / "project")
    open_stack(checkout)
    return checkout


def open_stack(checkout: Checkout, expect: int = 0) -> str:
    return checkout.run(f"{checkout.folder}/.venv/bin/python", "-c", OPEN, expect=expect)


def test_the_settings_of_a_stack_that_was_deleted_are_set_aside(checkout: Checkout) -> None:
    settings = checkout.folder / "Pulumi.local.yaml"
    before = settings.read_text()
    shutil.rmtree(checkout.folder / ".local")

    told = open_stack(checkout, expect=2)

    assert "Pulumi.local.yaml, the settings of an earlier stack local, was encrypted with a passphrase" in told
    way_out = re.search(r"`(mv [^`]+)`", told)
    assert way_out
    checkout.run("sh", "-c", way_out[1])
    open_stack(checkout)
    assert settings.with_suffix(".yaml.old").read_text() == before != settings.read_text()


def test_a_state_without_its_passphrase_is_begun_anew(checkout: Checkout) -> None:
    shutil.rmtree(checkout.folder / ".local/secrets")

    told = open_stack(checkout, expect=2)

    assert "the state of the stack local, with Pulumi.local.yaml, was encrypted with a passphrase" in told
    assert "put that folder back, or begin anew" in told
    assert "`make destroy`" in told
    checkout.run(f"{checkout.folder}/.venv/bin/python", "-m", "scripts.destroy")
    open_stack(checkout)
