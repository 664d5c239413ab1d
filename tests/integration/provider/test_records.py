"""The stand-in against records of the official provider: the same calls, and the same state.

One real `pulumi` run for each recorded phase; the order of calls within a phase is Pulumi's and does not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.provider_records import replay
from tests.support.pulumi_project import PulumiProject

pytestmark = pytest.mark.stand_in

PHASES = replay.phases()


@pytest.fixture(scope="module")
def recorded() -> Iterator[replay.Replay]:
    with replay.replay() as server:
        yield server


@pytest.fixture(scope="module")
def project(recorded: replay.Replay, tmp_path_factory: pytest.TempPathFactory) -> PulumiProject:
    """The recorded program after its first `pulumi up`."""
    directory = tmp_path_factory.mktemp("trace")
    replay.write_files(directory)
    project = PulumiProject(directory, name="trace", program=replay.program(), base_url=recorded.base_url)
    recorded.play(PHASES["up-create"])
    project.up()
    return project


def test_it_makes_the_recorded_calls_and_leaves_the_recorded_state(
    project: PulumiProject, recorded: replay.Replay
) -> None:
    assert recorded.calls() == PHASES["up-create"].calls()
    assert _comparable(project.resources("--show-secrets")) == _comparable(replay.resources())

    for phase, arguments, step, exit_code in (
        ("preview", ["preview", "--expect-no-changes"], "0", 0),
        ("preview-refresh", ["preview", "--refresh", "--expect-no-changes"], "0", 0),
        ("update", ["up", "--yes", "--skip-preview"], "2", 0),
        ("remove-trigger", ["up", "--yes", "--skip-preview"], "3", 0),
        ("jurisdiction-lost", ["up", "--yes", "--skip-preview"], "4", 1),
        ("jurisdiction-back", ["up", "--yes", "--skip-preview"], "3", 0),
        ("destroy", ["destroy", "--yes", "--skip-preview"], "3", 0),
    ):
        recorded.play(PHASES[phase])
        project.run(*arguments, exit_code=exit_code, STEP=step)
        assert recorded.calls() == PHASES[phase].calls(), phase


def _comparable(resources: list[dict[str, Any]]) -> dict[str, Any]:
    """Resources by URN, with what Pulumi draws by lot, and the order of dependencies, left out."""
    return {
        resource["urn"]: {
            "id": None if resource["type"].startswith("pulumi:") else resource["id"],
            "inputs": replay.opened(resource.get("inputs", {})),
            "outputs": replay.opened(resource.get("outputs", {})),
            "dependencies": {
                name: sorted(urns or []) for name, urns in resource.get("propertyDependencies", {}).items()
            },
        }
        for resource in resources
    }
