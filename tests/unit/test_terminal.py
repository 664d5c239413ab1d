"""Where colours show, and how tables line up."""

from __future__ import annotations

import io

import pytest

from orchestrator.terminal import Terminal


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
