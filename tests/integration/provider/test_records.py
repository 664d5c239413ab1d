"""The stand-in against records of the official provider: the same calls, and the same state.

One real `pulumi` run for each recorded phase; the order of calls within a phase is Pulumi's and does not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.provider.records import replay
from tests.support.pulumi_project import PulumiProject

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
    assert _comparable(project.resources()) == _comparable(replay.resources())

    for phase, arguments, step in (
        ("preview", ["preview", "--expect-no-changes"], "0"),
        ("preview-refresh", ["preview", "--refresh", "--expect-no-changes"], "0"),
        ("update", ["up", "--yes", "--skip-preview"], "2"),
        ("remove-trigger", ["up", "--yes", "--skip-preview"], "3"),
        ("destroy", ["destroy", "--yes", "--skip-preview"], "3"),
    ):
        recorded.play(PHASES[phase])
        project.run(*arguments, STEP=step)
        assert recorded.calls() == PHASES[phase].calls(), phase


def _comparable(resources: list[dict[str, Any]]) -> dict[str, Any]:
    """Resources by URN, with what Pulumi draws by lot, and the order of dependencies, left out."""
    return {
        resource["urn"]: {
            "id": None if resource["type"].startswith("pulumi:") else resource["id"],
            "inputs": _opened(resource.get("inputs", {})),
            "outputs": _opened(resource.get("outputs", {})),
            "dependencies": sorted(resource.get("dependencies", [])),
        }
        for resource in resources
    }


def _opened(value: Any) -> Any:
    """A value with each secret replaced by its size: the records' cannot be decrypted, but encryption keeps sizes."""
    if not isinstance(value, dict):
        return value
    if "ciphertext" in value:
        return "secret", len(value["ciphertext"])
    return {key: _opened(item) for key, item in value.items()}
