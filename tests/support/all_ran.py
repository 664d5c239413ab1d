"""A plugin of pytest that fails a run in which a collected test did not run, and names those tests.

Where xdist runs the tests it stands in the controller, which sees what each process collected and what was reported.
"""

from __future__ import annotations

from typing import Any

import pytest


class AllRan:
    def __init__(self) -> None:
        self._collected: set[str] = set()
        self._ran: set[str] = set()

    @classmethod
    def register(cls, config: pytest.Config) -> None:
        if not hasattr(config, "workerinput") and not config.option.collectonly:
            config.pluginmanager.register(cls())

    @property
    def _lost(self) -> list[str]:
        return sorted(self._collected - self._ran)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._collected.update(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self._collected.update(ids)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._ran.add(report.nodeid)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if exitstatus == pytest.ExitCode.OK and self._lost:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._lost:
            terminalreporter.section(
                f"{len(self._lost)} of {len(self._collected)} collected tests did not run", red=True
            )
            terminalreporter.write_line("\n".join(self._lost[:20] + ["…"] * (len(self._lost) > 20)))
