"""Every command with its flags and exit codes, from the parsers that read them, and every target of make."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping

from local_cloudflare.__main__ import make_parser as local_parser
from orchestrator.cli import EXIT_CODES, PROGRAM, make_parser
from orchestrator.commands.table import COMMANDS
from scripts.reference.markdown import code, page, table

_INTRODUCTION = f"""
Each command of `{PROGRAM}` works in any folder of the project and has `--help`. `-s STACK` names the stack;
without it, `$PULUMI_STACK` or the selected one is taken. `-v` shows each call that a command makes of an API,
never a token; `--version` the version.
"""
_TARGET = re.compile(r"^([a-z-]+):.*?## (.*)$", re.MULTILINE)


def render(makefile: str) -> str:
    """The page; `makefile` is the Makefile's text."""
    parser = make_parser([command.name for command in COMMANDS])
    targets = [[code(f"make {name}"), text.replace("$$", "$")] for name, text in _TARGET.findall(makefile)]
    return page(
        "Commands",
        _INTRODUCTION,
        "## Exit codes\n\n" + table(["code", ""], [[str(number), text] for number, text in EXIT_CODES.items()]),
        *(_section(PROGRAM, name, child) for name, child in _children(parser).items()),
        "## `make`\n\n" + table(["target", ""], targets),
        *(_section("python -m local_cloudflare", name, child) for name, child in _children(local_parser()).items()),
    )


def _children(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return action.choices
    return {}


def _section(program: str, name: str, parser: argparse.ArgumentParser) -> str:
    """A command and, below it, its own commands."""
    parts = [f"## `{program} {name}`", _words(parser.description or ""), _arguments(parser)]
    for child, each in _children(parser).items():
        parts += [f"### `{name} {child}`", _words(each.description or ""), _arguments(each)]
    if parser.epilog:
        parts.append(f"```text\n{parser.epilog.strip()}\n```")
    return "\n\n".join(part for part in parts if part)


def _arguments(parser: argparse.ArgumentParser) -> str:
    rows = list(_rows(parser))
    return table(["argument", ""], rows) if rows else ""


def _rows(parser: argparse.ArgumentParser) -> Iterator[list[str]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction | argparse._HelpAction) or action.dest == "verbose":
            continue
        words = {**vars(action), "prog": parser.prog}
        text = "" if action.help in (None, argparse.SUPPRESS) else str(action.help) % words
        yield [code(_usage(action)), text]


def _usage(action: argparse.Action) -> str:
    """`-s, --stack STACK`; of a positional argument its name."""
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    name = metavar or (",".join(map(str, action.choices)) if action.choices else action.dest.upper())
    if not action.option_strings:
        return name
    value = "" if action.nargs == 0 else f" {name}"
    return ", ".join(action.option_strings) + value


def _words(text: str) -> str:
    """Each paragraph on a line."""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))
