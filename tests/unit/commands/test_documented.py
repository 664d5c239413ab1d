"""Commands of `python -m orchestrator` in the docs and in --help: the command exists, and has each flag."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from orchestrator import cli
from orchestrator.commands.table import COMMANDS, Command
from tests.support.project import ROOT

DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
LINE_OR_SPAN = re.compile(rf"^ *{cli.PROGRAM}\b(.*)$|`{cli.PROGRAM}\b([^`]*)`", re.M)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_examples_of_help_can_be_typed(command: Command) -> None:
    examples = parser_of(command.name).epilog or ""

    assert cli.PROGRAM in examples
    assert list(mistakes(examples)) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_the_commands_of_a_document_can_be_typed(document: Path) -> None:
    assert list(mistakes(document.read_text())) == []


@pytest.mark.parametrize(
    "text",
    ["`python -m orchestrator gone`", "python -m orchestrator heal --gone", "python -m orchestrator runs --done"],
)
def test_what_cannot_be_typed_is_found(text: str) -> None:
    assert len(list(mistakes(text))) == 1


def mistakes(text: str) -> Iterator[str]:
    for line, span in LINE_OR_SPAN.findall(text):
        words = list(before_pipe(shlex.split(line or span.replace("\n", " "), comments=True)))
        names = [word for word in words if not word.startswith("-")]
        known = {"--version", "--help", "-v", "--verbose"}
        if names and names[0] != "COMMAND":
            if names[0] not in {each.name for each in COMMANDS}:
                yield f"there is no command {names[0]}"
                continue
            known |= options_of(parser_of(names[0]), names[1:])
        yield from (
            f"{line or span}: {word}" for word in words if word.startswith("-") and word not in known and len(word) > 1
        )


def before_pipe(words: list[str]) -> Iterator[str]:
    for word in words:
        if word in {"|", "&&", ">", "2>/dev/null"}:
            return
        yield word


@cache
def parser_of(name: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = subcommands(cli.make_parser([name]))[name]
    return parser


def subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    actions = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    return dict(actions[0].choices) if actions else {}


def options_of(parser: argparse.ArgumentParser, words: list[str]) -> set[str]:
    """The flags of a command, and of its own subcommand where `words` names one."""
    child = next((each for name, each in subcommands(parser).items() if name in words[:1]), None)
    return {flag for action in parser._actions for flag in action.option_strings} | (
        options_of(child, []) if child else set()
    )
