"""What the tests of `backup`, `restore` and `destroy-data` share: a stack's settings, and no update of it.

The commands run in this process, as a shell in the project's folder would run them.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.cli import main
from tests.support.drift_stack import DriftStack


class DataStack:
    """`run` gives a command's document and what it reported."""

    def __init__(
        self, project: DriftStack, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.root = project.root
        self._capsys = capsys
        monkeypatch.chdir(project.root)

    def run(self, *arguments: str, exit_code: int = 0) -> tuple[dict[str, Any], str]:
        self._capsys.readouterr()
        code = main([*arguments, "--json"])
        printed = self._capsys.readouterr()
        assert code == exit_code, printed.err
        return json.loads(printed.out or "{}"), printed.err
