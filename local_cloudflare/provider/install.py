"""Puts a launcher for the stand-in where Pulumi looks for the Cloudflare provider plugin.

Only ever into a Pulumi home that is named: the stand-in lives in one of its own, so that no production stack finds it.
The launcher has the paths of this environment and checkout; installing again brings them up to date. A plugin that is
there already and is not the stand-in's is left as it is.

Touches: files below the Pulumi home.
"""

from __future__ import annotations

import shlex
import sys
from importlib.metadata import version
from pathlib import Path

_CHECKOUT = Path(__file__).parents[2]
_MARK = "# The stand-in for the Cloudflare provider, of the Autopilot Orchestrator's local stack."


def install(pulumi_home: Path) -> str:
    """Write or refresh the launcher; returns what was done, as a sentence."""
    folder = pulumi_home.absolute() / "plugins" / f"resource-cloudflare-v{version('pulumi-cloudflare')}"
    launcher = folder / "pulumi-resource-cloudflare"
    if launcher.exists():
        present = launcher.read_bytes()
        if _MARK.encode() not in present:
            return f"another Cloudflare provider is installed in {folder}: left as it is"
        if present == _script().encode():
            return f"the stand-in is installed in {folder}"
    folder.mkdir(parents=True, exist_ok=True)
    temporary = launcher.with_suffix(".new")
    temporary.write_text(_script())
    temporary.chmod(0o755)
    temporary.replace(launcher)
    return f"installed the stand-in in {folder}"


def _script() -> str:
    """-P: the directory it is started in, which is the Pulumi project's, must not be searched for modules."""
    python, checkout = shlex.quote(sys.executable), shlex.quote(str(_CHECKOUT))
    return f'#!/bin/sh\n{_MARK}\nPYTHONPATH={checkout} exec {python} -P -m local_cloudflare.provider "$@"\n'
