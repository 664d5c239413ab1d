"""The list of compatibility flags, against the workerd that is installed."""

from __future__ import annotations

from orchestrator.manifest.compatibility_flags import known_flags
from scripts.compatibility_flags import known_to_workerd
from tests.support.project import ROOT


def test_the_known_flags_are_those_of_the_workerd_that_is_installed() -> None:
    assert known_flags() == known_to_workerd(ROOT), "run: python -m scripts.compatibility_flags"
    assert {"nodejs_compat", "global_fetch_strictly_public", "rpc", "experimental"} <= {*known_flags()["flags"]}
