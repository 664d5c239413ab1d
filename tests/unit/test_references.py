"""What docs, comments and docstrings name is there: paths, modules that are run, targets of make, relative links."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.project import ROOT

# An autopilot that the guide's reader adds, one of a test, and what `new` writes.
EXAMPLES = {"autopilots/greeter/src/index.ts", "w.ts", "autopilots/NAME/template.yaml"}
# A comment, a docstring (first on its line), or another string.
COMMENT_OR_STRING = re.compile(r'(#[^\n]*)|^[ \t]*"""(.*?)"""|""".*?"""', re.M | re.S)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
MODULE = re.compile(r"python -m ((?:bench|local_cloudflare|orchestrator|scripts|tests)\b[\w.]*\w)")
TARGET = re.compile(r"`make ([a-z-]+)\b")


def test_what_is_named_is_there() -> None:
    assert {name: missing for name, text in texts() if (missing := sorted(missing_from(name, text)))} == {}


@pytest.mark.parametrize(
    "text",
    [
        "`router/src/gone.ts`",
        "see tests/twins/gone",
        "`stack/gone.py`",
        "gone.py",
        "[x](docs/gone.md)",
        "`orchestrator/{cli,gone}.py`",
        "`tests/router/test_gone*.py`",
        "docs/decisions/9999",
        "`python -m bench.gone`",
        "`make gone`",
    ],
)
def test_what_is_gone_is_found(text: str) -> None:
    assert any("gone" in each or "9999" in each for each in missing_from("README.md", text))


def test_what_is_there_is_not_taken_for_gone() -> None:
    text = (
        "`orchestrator/cli.py`, stack/state.py, errors.py, `tests/router/test_once*.py`, `make up`, docs/decisions/0010"
    )
    assert set(missing_from("README.md", text)) == set()


def texts() -> Iterator[tuple[str, str]]:
    """What people read in each file: all of a document, the comments and docstrings of code."""
    for name in files():
        path, suffix = ROOT / name, Path(name).suffix
        if suffix == ".md":
            yield name, path.read_text()
        elif suffix == ".py":
            yield name, "\n".join(comment or doc for comment, doc in COMMENT_OR_STRING.findall(path.read_text()))
        elif suffix in {".ts", ".tsx", ".mjs"}:
            yield name, "\n".join(COMMENT.findall(path.read_text()))


def missing_from(name: str, text: str) -> Iterator[str]:
    """What `text`, of the file `name`, names and is not there."""
    for match in path_pattern().finditer(text):
        yield from (path for path in alternatives(match[0].rstrip(".,")) if not is_there(path))
    for module in MODULE.findall(text):
        path = module.replace(".", "/")
        if not {f"{path}.py", f"{path}/__main__.py"} & tree():
            yield module
    makefile = (ROOT / "Makefile").read_text()
    yield from (f"make {target}" for target in TARGET.findall(text) if f"\n{target}:" not in makefile)
    if name.endswith(".md"):
        yield from (link for link in LINK.findall(text) if not (ROOT / name).parent.joinpath(link).exists())


def alternatives(path: str) -> Iterator[str]:
    """`orchestrator/{cli,errors}.py` as a shell takes it."""
    if not (braces := re.search(r"\{([^{}]*)\}", path)):
        yield path
        return
    for each in braces[1].split(","):
        yield from alternatives(path[: braces.start()] + each + path[braces.end() :])


def is_there(path: str) -> bool:
    """Whether this is a path of the project, or the end of one."""
    path = path.rstrip("/")
    if re.fullmatch(r"docs/decisions/\d{4}", path):
        path += "-*.md"
    if "*" in path:
        pattern = re.compile("(.*/)?" + re.escape(path).replace(r"\*", "[^/]*"))
        return any(pattern.fullmatch(each) for each in tree())
    return path in EXAMPLES or path in ends_of_paths()


@cache
def files() -> tuple[str, ...]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return tuple(sorted(name for name in listed if (ROOT / name).is_file()))


@cache
def tree() -> frozenset[str]:
    """Each file and folder, from the root."""
    return frozenset(files()) | {str(folder) for name in files() for folder in Path(name).parents[:-1]}


@cache
def ends_of_paths() -> frozenset[str]:
    return frozenset(name.split("/", left)[-1] for name in tree() for left in range(name.count("/") + 1))


@cache
def path_pattern() -> re.Pattern[str]:
    """A path below a folder of the root, or anything that ends as a file of code or of the docs does."""
    folders = "|".join(sorted({re.escape(name.split("/")[0]) for name in files() if "/" in name}))
    rest = r"[\w./*{},-]"
    code = rf"[\w*{{}}-]{rest}*\.(?:py|ts|tsx|mjs|md)\b|[\w*{{}}-]+/{rest}*\.(?:json|jsonl|sql|txt|toml|ya?ml)\b"
    return re.compile(rf"(?<![\w/.:<{{*@-])(?:(?:{folders})/{rest}*|{code})")
