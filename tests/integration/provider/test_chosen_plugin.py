"""`CLOUDFLARE_PROVIDER_PLUGIN` puts another plugin in the stand-in's place, for `make up` and for the tests.

The official plugin is not to be had everywhere, so the one that is named here is an executable that notes that it was
started and continues as the stand-in.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local_cloudflare.provider.errors import ConfigurationError
from local_cloudflare.provider.install import PLUGIN_VARIABLE, chosen_plugin, install
from tests.support.checkout import Checkout
from tests.support.project import ROOT
from tests.support.provider_records import replay
from tests.support.pulumi_project import PulumiProject

PROGRAM = """
import pulumi_cloudflare as cloudflare
cloudflare.WorkersKvNamespace("registry", account_id="1", title="REGISTRY")
"""
LAUNCHER = "plugins/resource-cloudflare-v*/pulumi-resource-cloudflare"


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The named plugin; each of its starts is a line of `started` beside it."""
    install(tmp_path / "home", {})
    (stand_in,) = (tmp_path / "home").glob(LAUNCHER)
    plugin = tmp_path / "chosen"
    plugin.write_text(f'#!/bin/sh\necho started >> {tmp_path}/started\nexec {stand_in} "$@"\n')
    plugin.chmod(0o755)
    monkeypatch.setenv(PLUGIN_VARIABLE, str(plugin))
    return plugin


def test_tests_use_the_plugin_that_is_named(plugin: Path) -> None:
    with replay.replay() as server:
        project = PulumiProject(plugin.parent / "project", name="chosen", program=PROGRAM, base_url=server.base_url)

        assert "cloudflare:index:WorkersKvNamespace registry create" in project.run("preview")

    assert (plugin.parent / "started").read_text()


def test_make_uses_the_plugin_that_is_named_and_the_stand_in_again_without(
    plugin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = Checkout.create(tmp_path / "project")

    checkout.make("setup")

    (launcher,) = (checkout.folder / ".local/pulumi").glob(LAUNCHER)
    assert launcher.resolve() == plugin
    assert "Cloudflare provider" not in checkout.make("setup")
    monkeypatch.delenv(PLUGIN_VARIABLE)
    checkout.make("setup")
    assert not launcher.is_symlink()
    assert launcher.exists()


def test_what_is_about_the_stand_in_is_left_out_and_says_why(plugin: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "tests/integration/provider/test_raw_state.py"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)

    assert f"about the stand-in provider, and {PLUGIN_VARIABLE} is set" in done.stdout
    assert "passed" not in done.stdout


@pytest.mark.parametrize("name", ["missing", "folder", "not-executable"])
def test_what_is_no_plugin_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "not-executable").write_text("")

    with pytest.raises(ConfigurationError, match="is not an executable file"):
        chosen_plugin({PLUGIN_VARIABLE: str(tmp_path / name)})


def test_setup_says_what_is_wrong_with_the_named_plugin(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local_cloudflare.provider", "install", "--pulumi-home", str(tmp_path)]
    environment = {**os.environ, PLUGIN_VARIABLE: "/missing"}

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 1
    assert done.stderr.startswith(f"{PLUGIN_VARIABLE} names /missing, which is not an executable file")
    assert not list(tmp_path.iterdir())
