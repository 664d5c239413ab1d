"""Puts a launcher for the stand-in, or the plugin that somebody has, where Pulumi looks for the Cloudflare provider.

Only ever into a Pulumi home that is named: the stand-in lives in one of its own, so that no production stack finds it.
The launcher has the paths of this environment and checkout; installing again brings them up to date. A plugin that is
there already and was not put there by this is left as it is. `CLOUDFLARE_PROVIDER_PLUGIN` names an executable that is
linked there instead, the official plugin where somebody has it.

Touches: files below the Pulumi home.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from local_cloudflare.provider.errors import ConfigurationError

PLUGIN_VARIABLE = "CLOUDFLARE_PROVIDER_PLUGIN"
_CHECKOUT = Path(__file__).parents[2]
_MARK = "# The stand-in for the Cloudflare provider, of the Autopilot Orchestrator's local stack."


def chosen_plugin(environment: Mapping[str, str]) -> Path | None:
    """The plugin to use in place of the stand-in, if one is named. Raises ConfigurationError where it is none."""
    named = environment.get(PLUGIN_VARIABLE)
    if not named:
        return None
    plugin = Path(named).expanduser().absolute()
    if not plugin.is_file() or not os.access(plugin, os.X_OK):
        raise ConfigurationError(
            f"{PLUGIN_VARIABLE} names {named}, which is not an executable file: name the plugin itself "
            "(pulumi-resource-cloudflare), or unset the variable to use the stand-in"
        )
    return plugin


def install(pulumi_home: Path, environment: Mapping[str, str] = os.environ) -> str:
    """Write or refresh the launcher, or link the plugin that `environment` names; what was done, as a sentence."""
    folder = pulumi_home.absolute() / "plugins" / f"resource-cloudflare-v{version('pulumi-cloudflare')}"
    launcher = folder / "pulumi-resource-cloudflare"
    plugin = chosen_plugin(environment)
    if launcher.exists() and not launcher.is_symlink() and plugin is None:
        present = launcher.read_bytes()
        if _MARK.encode() not in present:
            return f"another Cloudflare provider is installed in {folder}: left as it is"
        if present == _script().encode():
            return f"the stand-in is installed in {folder}"
    folder.mkdir(parents=True, exist_ok=True)
    temporary = launcher.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    if plugin is not None:
        temporary.symlink_to(plugin)
    else:
        temporary.write_text(_script())
        temporary.chmod(0o755)
    temporary.replace(launcher)
    return f"installed {plugin or 'the stand-in'} in {folder}"


def _script() -> str:
    """-P: the directory it is started in, which is the Pulumi project's, must not be searched for modules."""
    python, checkout = shlex.quote(sys.executable), shlex.quote(str(_CHECKOUT))
    return f'#!/bin/sh\n{_MARK}\nPYTHONPATH={checkout} exec {python} -P -m local_cloudflare.provider "$@"\n'
