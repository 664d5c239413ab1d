"""What TypeScript is told of a Worker's bindings."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from orchestrator.desired.derive import derive
from orchestrator.desired.resources import Binding, SecretBinding, TextBinding
from orchestrator.desired.worker_types import TYPES, configuration
from orchestrator.manifest import load
from tests.support.project import ROOT


def test_each_binding_has_a_type() -> None:
    assert set(get_args(Binding)) == TYPES.keys()


def test_a_members_name_and_type_and_whether_it_may_be_absent() -> None:
    worker = next(each for each in derive(load(ROOT / "autopilots.yaml")).workers if each.key == "efh-agent")
    secret = SecretBinding(name="KEY", secret="KEY", optional=True)

    text = configuration(replace(worker, bindings=(secret, TextBinding(name="MODE", text="x"))))

    assert [line for line in text.splitlines() if line.startswith("  ")] == [
        "  KEY?: string;",
        "  MODE: string;",
        "  PUBLIC_URL?: string;",
        "  ORCHESTRATOR_MARK?: string;",
        "  BUILD_ID?: string;",
    ]
