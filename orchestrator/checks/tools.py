"""The tools that the project needs on this machine, and the versions that its own files pin.

Touches child processes (`pulumi version`, `node --version`) and reads requirements.txt, pyproject.toml, package.json.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from orchestrator.checks.check import Check

_SETUP = "make setup"
_TIMEOUT_S = 20
VersionNumbers = tuple[int, ...]


def tool_checks(root: Path) -> list[Check]:
    """A check for each tool, against what the project in `root` pins. Newer ones of the same major version will do."""
    pinned = dict(re.findall(r"^([a-z-]+)==([\d.]+)$", (root / "requirements.txt").read_text(), re.M))
    python = tomllib.loads((root / "pyproject.toml").read_text())["project"]["requires-python"]
    node = json.loads((root / "package.json").read_text())["engines"]["node"]
    running = ".".join(map(str, sys.version_info[:3]))
    try:
        provider = version("pulumi-cloudflare")
    except PackageNotFoundError:
        provider = None
    return [
        tool_check("Python", running, at_least=python.removeprefix(">=")),
        tool_check("Pulumi", _ask_version(["pulumi", "version"]), at_least=pinned["pulumi"], same_major=True),
        tool_check("Cloudflare SDK", provider, at_least=pinned["pulumi-cloudflare"], same_major=True),
        tool_check("Node.js", _ask_version(["node", "--version"]), at_least=node.removeprefix(">=")),
        esbuild_check(installed=(root / "node_modules" / "esbuild").exists()),
    ]


def tool_check(name: str, found: str | None, *, at_least: str, same_major: bool = False) -> Check:
    """Whether the version that was `found` (None: there is none) will do."""
    wanted = f"{at_least} or newer"
    if found is None:
        return Check(name=name, state="problem", detail=f"not found; needed: {wanted}", fix=_SETUP)
    have, need = _numbers(found), _numbers(at_least)
    is_right = have >= need and (have[:1] == need[:1] or not same_major)
    if is_right:
        return Check(name=name, state="ok", detail=found)
    return Check(name=name, state="problem", detail=f"{found}; needed: {wanted}", fix=_SETUP)


def esbuild_check(*, installed: bool) -> Check:
    """What bundles the Workers: a preview needs it."""
    if installed:
        return Check(name="Node packages", state="ok", detail="installed")
    return Check(name="Node packages", state="problem", detail="esbuild is not installed", fix=_SETUP)


def _ask_version(command: Sequence[str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\d+(\.\d+)+", done.stdout)
    return found[0] if done.returncode == 0 and found else None


def _numbers(text: str) -> VersionNumbers:
    return tuple(int(number) for number in re.findall(r"\d+", text))
