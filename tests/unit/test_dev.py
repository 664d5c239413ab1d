"""The parts of `make dev`: which files were saved, single keys, lines of the logs."""

from __future__ import annotations

import io
import os
import pty
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.cli import main
from orchestrator.terminal import Terminal
from scripts.dev.keys import Keys
from scripts.dev.logs import log_line
from scripts.dev.watch import Watch
from tests.unit.test_terminal import Screen

LOOKS = 30  # more than any save takes
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

    assert taken(watch) == [{f"autopilots/a/{name}.ts" for name in ("index", "old", "new")}]


def test_an_editor_that_puts_a_new_file_in_place_is_seen(tmp_path: Path) -> None:
    (tmp_path / "autopilots.yaml").write_text("old")
    watch = Watch(tmp_path)

    (tmp_path / "new").write_text("new file")
    (tmp_path / "new").replace(tmp_path / "autopilots.yaml")

    assert taken(watch) == [{"autopilots.yaml"}]


@pytest.mark.parametrize("folder", ["admin/src", "router", "orchestrator/analysis"])
def test_what_static_assets_are_made_of_is_seen(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir(parents=True)
    watch = Watch(tmp_path)

    (tmp_path / folder / "new.tsx").write_text("1")

    assert taken(watch) == [{f"{folder}/new.tsx"}]


@pytest.mark.parametrize(
    "begin",
    [lambda path: path.write_text(""), lambda path: path.unlink(), lambda path: path.write_text("half")],
    ids=["emptied", "removed", "half written"],
)
def test_a_save_in_two_steps_is_taken_once_when_it_is_whole(tmp_path: Path, begin: Callable[[Path], object]) -> None:
    source = tmp_path / "autopilots.yaml"
    source.write_text("old")
    watch = Watch(tmp_path)

    begin(source)
    assert watch.changed() == set()
    source.write_text("the new one")

    assert watch.changed() == set()
    assert watch.seconds < 0.1  # it looks again soon
    assert taken(watch) == [{"autopilots.yaml"}]


def test_a_file_in_its_place_for_a_moment_is_never_taken(tmp_path: Path) -> None:
    (tmp_path / "autopilots.yaml").write_text("old")
    watch = Watch(tmp_path)

    (tmp_path / "autopilots.yaml.tmp").write_text("new file")
    assert watch.changed() == set()
    (tmp_path / "autopilots.yaml.tmp").replace(tmp_path / "autopilots.yaml")

    assert taken(watch) == [{"autopilots.yaml"}]


def test_a_file_that_stays_empty_is_taken_in_the_end_and_so_is_what_is_written_without_end(tmp_path: Path) -> None:
    empty, written = tmp_path / "empty.ts", tmp_path / "written.log"
    empty.write_text("old")
    watch = Watch(tmp_path)
    empty.write_text("")
    assert taken(watch) == [{"empty.ts"}]

    found: set[str] = set()
    for number in range(LOOKS):
        written.write_text("x" * number)
        found |= watch.changed()
    assert found == {"written.log"}


def test_what_is_written_back_as_it_was_before_it_is_taken_is_no_edit(tmp_path: Path) -> None:
    (tmp_path / "autopilots.yaml").write_text("old")
    watch = Watch(tmp_path)

    (tmp_path / "backup~").write_text("an editor's copy")
    assert watch.changed() == set()
    (tmp_path / "backup~").unlink()

    assert taken(watch) == []


def taken(watch: Watch) -> list[set[str]]:
    """What is told by so many looks."""
    return [found for _ in range(LOOKS) if (found := watch.changed())]


def test_keys_come_one_by_one_and_the_terminal_is_as_it_was_after(monkeypatch: pytest.MonkeyPatch) -> None:
    outside, inside = pty.openpty()
    with os.fdopen(inside, closefd=True) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        before = termios.tcgetattr(terminal)
        asked = []

        def answer(question: str) -> str:
            asked.append((question, termios.tcgetattr(terminal)))
            return " echo "

        with Keys() as keys:
            os.write(outside, b"dq")
            assert [keys.read(1), keys.read(1), keys.read(0)] == ["d", "q", ""]
            monkeypatch.setattr("builtins.input", answer)
            assert keys.ask("task: ") == "echo"
            assert asked == [("task: ", before)]
            os.write(outside, b"xd")  # while a command is under way: not seen, and not lost
            assert not termios.tcgetattr(terminal)[3] & termios.ECHO
            assert [keys.read(1), keys.read(1)] == ["x", "d"]
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
