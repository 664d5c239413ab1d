"""No Worker gets an empty store in place of its full one: such an edit stops, and every way that it names leads on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.drift_stack import MANIFEST, STACK
from tests.support.healed_stack import HealedStack
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.planted_data import planted_data
from tests.support.store_edits import STORE_EDITS, StoreEdit


@pytest.fixture(scope="module")
def brought_up(cloudflare_server: LocalCloudflare, tmp_path_factory: pytest.TempPathFactory) -> HealedStack:
    cloudflare_server.reset()
    return HealedStack(tmp_path_factory.mktemp("empty-stores"), cloudflare_server)


@pytest.fixture
def stack(brought_up: HealedStack) -> Iterator[HealedStack]:
    settings = brought_up.project.root / f"Pulumi.{STACK}.yaml"
    before = settings.read_text()
    yield brought_up
    settings.write_text(before)
    brought_up.project.write(MANIFEST)
    brought_up.restore()


def make(stack: HealedStack, edit: StoreEdit) -> None:
    stack.project.write(edit.manifest())
    if edit.prefix is not None:
        stack.project.project.run("config", "set", "namePrefix", edit.prefix)


def take_back(stack: HealedStack, edit: StoreEdit) -> None:
    stack.project.write(MANIFEST)
    if edit.prefix is not None:
        stack.project.project.run("config", "rm", "namePrefix")


@pytest.mark.parametrize("edit", STORE_EDITS.values(), ids=STORE_EDITS.keys())
def test_an_edit_that_would_empty_a_store_stops_and_is_undone_by_taking_it_back(
    stack: HealedStack, edit: StoreEdit
) -> None:
    pulumi = stack.project.project
    with planted_data(stack.server, without=()):
        account = stack.server.local("GET", "/state")
        make(stack, edit)

        outputs = [
            pulumi.run("preview", exit_code=1),
            pulumi.up(exit_code=1),
            stack.heal("--dry-run", exit_code=2)[1],
            stack.heal(exit_code=2)[1],
        ]

        for output in outputs:
            for name in edit.empties:
                assert f"{name} would be empty" in output
        assert stack.server.local("GET", "/state") == account
        take_back(stack, edit)
        pulumi.run("preview", "--expect-no-changes")
