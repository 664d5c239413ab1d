"""The parts of `make dev`: which files were saved, single keys, lines of the logs."""

from __future__ import annotations

import io
import os
import pty
import sys
import termios
from pathlib import Path

import pytest

from orchestrator.cli import main
from orchestrator.terminal import Terminal
from scripts.dev.keys import Keys
from scripts.dev.logs import log_line
from scripts.dev.watch import Watch
from tests.unit.test_terminal import Screen

ENTRY = {"time": 1_795_000_000_000, "worker": "efh-agent", "level": "exception", "text": "Error: no"}


def test_what_was_saved_came_or_went_is_seen_once(tmp_path: Path) -> None:
    source, gone = tmp_path / "autopilots/a/index.ts", tmp_path / "autopilots/a/old.ts"
    source.parent.mkdir(parents=True)
    for path in (source, gone, tmp_path / "autopilots.yaml"):
        path.write_text("1")
    watch = Watch(tmp_path)

    source.write_text("two")
    gone.unlink()
    (tmp_path / "autopilots/a/new.ts").write_text("3")
    for unseen in (tmp_path / "autopilots/a/.index.ts.swp", tmp_path / "autopilots/node_modules/x.js"):
        unseen.parent.mkdir(exist_ok=True)
        unseen.write_text("an editor's, or installed")

    assert watch.changed() == {f"autopilots/a/{name}.ts" for name in ("index", "old", "new")}
    assert watch.changed() == set()


def test_an_editor_that_puts_a_new_file_in_place_is_seen(tmp_path: Path) -> None:
    (tmp_path / "autopilots.yaml").write_text("old")
    watch = Watch(tmp_path)

    (tmp_path / "new").write_text("new file")
    (tmp_path / "new").replace(tmp_path / "autopilots.yaml")

    assert watch.changed() == {"autopilots.yaml"}


def test_keys_come_one_by_one_and_the_terminal_is_as_it_was_after(monkeypatch: pytest.MonkeyPatch) -> None:
    outside, inside = pty.openpty()
    with os.fdopen(inside, closefd=True) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        before = termios.tcgetattr(terminal)
        with Keys() as keys:
            os.write(outside, b"dq")
            assert [keys.read(1), keys.read(1), keys.read(0)] == ["d", "q", ""]
            with keys.paused():
                assert termios.tcgetattr(terminal) == before
        assert termios.tcgetattr(terminal) == before
    os.close(outside)


def test_without_a_terminal_there_are_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("q"))

    with Keys() as keys:
        assert (keys.are_read, keys.read(0)) == (False, "")


def test_a_line_of_the_logs_has_colours_on_a_terminal_only() -> None:
    plain = Terminal(io.StringIO(), io.StringIO(), {})
    screen = Terminal(Screen(), io.StringIO(), {})

    assert log_line(ENTRY, plain).endswith(" efh-agent exception: Error: no")
    assert "\x1b[31mexception:\x1b[0m" in log_line(ENTRY, screen)
    colours = {log_line({**ENTRY, "worker": f"w{number}"}, screen).split("w")[0][-5:] for number in range(20)}
    assert len(colours) > 1


@pytest.mark.parametrize(("arguments", "environment"), [(["-s", "prod"], ""), ([], "prod")])
def test_another_stack_than_local_is_refused(
    arguments: list[str], environment: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PULUMI_STACK", environment)

    assert main(["dev", *arguments]) == 2
    assert "`dev` works on the stack local only, and this is for the stack prod" in capsys.readouterr().err
