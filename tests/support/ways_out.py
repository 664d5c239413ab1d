"""The commands that messages of the command line and of the program name as ways out, read from the code itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.support.project import ROOT

PACKAGES = (
    "adopt",
    "catalog",
    "checks",
    "cloudflare",
    "commands",
    "data",
    "desired",
    "drift",
    "heal",
    "infra",
    "stack",
)
_COMMAND = re.compile(r"(pulumi (?:config|up|preview|stack|cancel)|python -m orchestrator|git checkout)\b[^`;,:()\n]*")


def named_commands() -> set[str]:
    """Each command in a text of those packages, `<>` for what is filled in; not of docstrings, nor of --help."""
    found: set[str] = set()
    for package in PACKAGES:
        for file in sorted((ROOT / "orchestrator" / package).rglob("*.py")):
            for text in _texts(ast.parse(file.read_text())):
                found |= {re.sub(r"\s+", " ", each[0]).strip(" .") for each in _COMMAND.finditer(text)}
    return found


def _texts(tree: ast.AST) -> Iterator[str]:
    if isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Constant):  # a docstring
        return
    if isinstance(tree, ast.FunctionDef) and tree.name == "arguments":  # --help
        return
    if isinstance(tree, ast.JoinedStr):
        yield "".join(str(each.value) if isinstance(each, ast.Constant) else "<>" for each in tree.values)
        return
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        yield tree.value
    for child in ast.iter_child_nodes(tree):
        yield from _texts(child)
