"""From probes to a status, in workerd: three failures in a row take an autopilot out, two others bring it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

WORDS = {"p": "pass", "w": "warn", "f": "fail", "u": "unknown"}


@pytest.fixture
def after(client: Callable[[str], httpx.Client]) -> Callable[[str], list[dict[str, Any]]]:
    """How an autopilot is after each of these probes; a probe's time is its index."""

    def probed(probes: str) -> list[dict[str, Any]]:
        answer = client("corpus").post("/probes", json={"probes": [WORDS[probe] for probe in probes]})
        healths: list[dict[str, Any]] = answer.json()
        return healths

    return probed


@pytest.mark.parametrize(
    ("probes", "statuses"),
    [
        pytest.param("p", "p", id="well at the first probe"),
        pytest.param("fff", "uuf", id="not known to fail before the third"),
        pytest.param("pff", "ppp", id="two failures are not enough"),
        pytest.param("pfff", "pppf", id="three are"),
        pytest.param("pffpffp", "ppppppp", id="three in a row"),
        pytest.param("fffp", "uuff", id="one pass is not enough"),
        pytest.param("fffpp", "uuffp", id="two are"),
        pytest.param("fffpfpp", "uuffffp", id="two in a row"),
        pytest.param("fffwp", "uuffp", id="a warning counts as being well"),
        pytest.param("fffpw", "uuffw", id="and the last one says how well"),
        pytest.param("pwpw", "pwpw", id="a warning is believed at once"),
        pytest.param("wfff", "wwwf", id="and holds through two failures"),
        pytest.param("ffp", "uup", id="nobody comes back who was not out"),
        pytest.param("fffffpp", "uuffffp", id="it stays out as long as it fails"),
    ],
)
def test_the_status_after_each_probe(after: Callable[[str], list[dict[str, Any]]], probes: str, statuses: str) -> None:
    assert [health["status"] for health in after(probes)] == [WORDS[status] for status in statuses]


@pytest.mark.parametrize(
    ("probes", "since"),
    [
        pytest.param("ppp", "0", id="the first"),
        pytest.param("ppfff", "2", id="the first of the failures"),
        pytest.param("pffpfff", "4", id="of those in a row"),
        pytest.param("fffpp", "3", id="the first of the others"),
        pytest.param("fffppp", "3", id="and no later one"),
        pytest.param("ppw", "2", id="the first warning"),
        pytest.param("pfp", "0", id="no change, no new time"),
    ],
)
def test_a_status_began_with_the_first_probe_that_it_took(
    after: Callable[[str], list[dict[str, Any]]], probes: str, since: str
) -> None:
    assert after(probes)[-1]["since"] == since


def test_the_rows_are_counted(after: Callable[[str], list[dict[str, Any]]]) -> None:
    counts = [(health["failures"], health["passes"], health["rowSince"]) for health in after("ppffwp")]

    assert counts == [(0, 1, "0"), (0, 2, "0"), (1, 0, "2"), (2, 0, "2"), (0, 1, "4"), (0, 2, "4")]
