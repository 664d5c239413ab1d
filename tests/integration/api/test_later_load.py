"""Tasks that nobody waits for, under load and kills: the short form of `python -m bench.later`."""

from __future__ import annotations

import os
from pathlib import Path

from tests.support.later_load import lateness, measure

TASKS = int(os.environ.get("LATER_TASKS", "40"))
KILLS = int(os.environ.get("LATER_KILLS", "1"))


def test_each_ends_once_though_everything_is_killed_and_delivered_twice(tmp_path: Path) -> None:
    figures = measure(tmp_path, tasks=TASKS, kills=KILLS)

    assert figures.is_right, figures
    assert sum(figures.ends.values()) == TASKS


def test_a_task_comes_at_its_time(tmp_path: Path) -> None:
    late = lateness(tmp_path, seconds=3)

    assert late >= 0
