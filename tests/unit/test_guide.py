"""What docs/guide says of messages is so."""

from __future__ import annotations

import ast
import re

from tests.support.project import ROOT

GUIDE = ROOT / "docs/guide"
SHELL = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
WORDS = re.compile(r"^\| `{1,2} ?(.+?) ?`{1,2} \|", re.MULTILINE)


def messages() -> str:
    """Every text of the sources that may be a part of a message, each on a line."""
    folders = ("orchestrator", "local_cloudflare", "scripts")
    python = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    typescript = [path for folder in ("router/src", "packages") for path in (ROOT / folder).rglob("*.ts")]
    texts = [
        node.value
        for path in python
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    titles = (ROOT / "docs/reference/problems.md").read_text()  # some are put together; their own test holds them
    return "\n".join([*texts, titles, *(path.read_text() for path in typescript)])


def test_each_message_of_troubleshooting_is_one() -> None:
    words = WORDS.findall((GUIDE / "troubleshooting.md").read_text())
    known = messages()

    assert len(words) > 15
    assert [each for each in words if each not in known] == []


def test_the_index_has_each_page() -> None:
    index = (GUIDE / "README.md").read_text()

    assert [
        path.name for path in GUIDE.glob("*.md") if path.name != "README.md" and f"({path.name})" not in index
    ] == []


def test_the_site_has_each_page() -> None:
    """Of the decisions their index alone."""
    site = (ROOT / "mkdocs.yml").read_text()
    pages = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]

    assert [
        page
        for page in pages
        if not page.startswith("decisions/0") and f"- {page}" not in site and f": {page}" not in site
    ] == []


def test_each_command_of_a_guide_is_a_whole_one() -> None:
    """It can be typed as it stands: no line begins with a flag, unless the line before goes on."""
    parts = [
        (path.name, line)
        for path in GUIDE.glob("*.md")
        for block in SHELL.findall(path.read_text())
        for line in block.replace("\\\n", " ").splitlines()
        if line.strip().startswith("-")
    ]

    assert parts == []
