"""Where colours show, and how tables line up."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from orchestrator.analysis.groups import group
from orchestrator.cli import main
from orchestrator.commands.analyze import show
from orchestrator.terminal import Terminal
from tests.support.project import ROOT


class Screen(io.StringIO):
    """A stream on which a person reads."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "text"),
    [
        (Screen(), {}, "\x1b[31mno\x1b[0m"),
        (Screen(), {"NO_COLOR": ""}, "\x1b[31mno\x1b[0m"),  # no-color.org: when not empty
        (Screen(), {"NO_COLOR": "1"}, "no"),
        (Screen(), {"TERM": "dumb"}, "no"),
        (io.StringIO(), {}, "no"),
    ],
)
def test_colours_only_where_a_person_reads(stream: io.StringIO, environ: dict[str, str], text: str) -> None:
    assert Terminal(stream, io.StringIO(), environ).styled("no", "red") == text


def test_each_stream_has_its_own_colours() -> None:
    terminal = Terminal(io.StringIO(), Screen(), {})

    assert terminal.styled("no", "red") == "no"
    assert terminal.styled("no", "red", terminal.err) != "no"


def test_a_table_is_aligned_and_an_empty_cell_is_a_dash() -> None:
    out = io.StringIO()

    Terminal(out, io.StringIO(), {}).table(["NAME", "OF"], [["a", None], ["longer", 0]])

    assert out.getvalue() == "  NAME    OF\n  a       -\n  longer  0\n"


def test_prose_fits_the_terminal_and_a_command_to_copy_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    command = "`python -m orchestrator register --remove rye-bread-of-the-house`"
    text = f"  its words, and many more of them, then {command} and at last https://a-long.name/x"

    lines = Terminal(Screen(), io.StringIO(), {}).wrapped(text).splitlines()

    assert all(line.startswith("  ") for line in lines)
    assert [line.strip() for line in lines if len(line) > 40] == [command]
    assert " ".join(line.strip() for line in lines) == text.strip()
    assert Terminal(io.StringIO(), Screen(), {}).wrapped(text) == text


@pytest.mark.parametrize(
    "command", [["show"], ["new"], ["template", "list"], ["new", "rye", "--template", "kv-cache"]], ids=" ".join
)
def test_no_line_of_a_command_is_wider_than_a_terminal_but_for_what_is_copied(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("catalog", "autopilots"):
        (tmp_path / name).mkdir()
    (tmp_path / "catalog/templates").symlink_to(ROOT / "catalog/templates")
    (tmp_path / "autopilots.yaml").write_text((ROOT / "autopilots.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "9999")  # no pager
    out, err = Screen(), Screen()
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr("sys.stderr", err)
    monkeypatch.setenv("NO_COLOR", "1")

    assert main(command) == 0

    lines = f"{out.getvalue()}{err.getvalue()}".splitlines()
    is_of_a_table = re.compile(r" +\S.*\S  +\S")
    assert [line for line in lines if len(line) > 80 and not is_of_a_table.match(line) and line.strip()[0] != "`"] == []


def test_what_analyze_says_fits_the_terminal_and_its_command_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    entries = json.loads((ROOT / "tests/twins/failures.json").read_text())
    out = Screen()

    for each in group(entries):
        show(each, Terminal(out, out, {"NO_COLOR": "1"}), is_local=True)

    lines = out.getvalue().splitlines()
    assert len(lines) > 50
    assert [line for line in lines if len(line) > 80 and not line.startswith("  next: ")] == []


ROWS = [["2026-11-26", "done", "a text of more than one line on a terminal that is as narrow as this one"]]


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_a_table_fits_the_terminal_and_loses_no_word(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = Screen()

    Terminal(out, io.StringIO(), {"NO_COLOR": "1"}).table(["AT", "STATE", "WHY"], ROWS, spare=["AT"])

    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= columns
    assert " ".join(" ".join(lines[1:]).split()).endswith(" ".join(ROWS[0][1:]))


@pytest.mark.parametrize("columns", [80, 100, 120])
def test_the_limits_of_the_plan_fit_the_terminal(columns: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole names of Workers among them, in the last column; in a folder without sources nothing is bundled."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", str(columns))
    out = Screen()
    monkeypatch.setattr("sys.stdout", out)

    assert main(["limits", str(ROOT / "autopilots.yaml")]) == 0

    lines = out.getvalue().splitlines()
    assert max(len(re.sub(r"\x1b\[\d+m", "", line)) for line in lines) <= columns
    assert "KV writes of the orchestrator's cron" in out.getvalue()


def test_a_spare_column_is_left_out_only_where_it_must_be(monkeypatch: pytest.MonkeyPatch) -> None:
    for columns, shown in ((200, True), (40, False)):
        monkeypatch.setenv("COLUMNS", str(columns))
        out = Screen()
        Terminal(out, io.StringIO(), {}).table(["AT", "STATE", "WHY"], ROWS, spare=["AT"])
        assert ("2026" in out.getvalue()) is shown


def test_a_state_has_its_colour_where_a_person_reads() -> None:
    out, plain = Screen(), io.StringIO()
    for stream in (out, plain):
        Terminal(stream, io.StringIO(), {}).table(["STATE", "N"], [["unknown", 1], ["done", 2]])

    assert "\x1b[31munknown\x1b[0m" in out.getvalue()
    assert "\x1b[32mdone\x1b[0m     2" in out.getvalue()
    assert "\x1b" not in plain.getvalue()
