"""Pulumi in the environment, of the version that requirements.txt pins or a newer 3.x: from PATH, downloaded, or built
with Go (docs/decisions/0002).
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from scripts.steps import BIN, CACHE, ENVIRONMENT, ROOT, StepError, go_build, reachable, run, say

PULUMI_VERSION = re.search(r"^pulumi==(\S+)", (ROOT / "requirements.txt").read_text(), re.M)[1]  # type: ignore[index]
LANGUAGE_HOST = "pulumi-language-python"
BINARIES = ("pulumi", LANGUAGE_HOST, f"{LANGUAGE_HOST}-exec")


def pulumi() -> None:
    """Link a Pulumi of the pinned version, or a newer 3.x from PATH, into the environment."""
    folder = pulumi_on_path() or find_cached_pulumi() or download_pulumi() or build_pulumi()
    for binary in BINARIES:
        link = BIN / binary
        link.unlink(missing_ok=True)
        link.symlink_to(folder / binary)


def pulumi_on_path() -> Path | None:
    """The folder of an installed Pulumi that is new enough and has its Python language host beside it."""
    path = os.pathsep.join(p for p in os.environ.get("PATH", "").split(os.pathsep) if Path(p) != BIN)
    found = shutil.which("pulumi", path=path)
    if not found:
        return None
    folder = Path(found).resolve().parent
    version = subprocess.run([found, "version"], env=ENVIRONMENT, capture_output=True, text=True, check=False).stdout
    numbers = re.match(r"v(\d+)\.(\d+)\.(\d+)", version)
    wanted = tuple(int(number) for number in PULUMI_VERSION.split("."))
    if not numbers or not all((folder / binary).exists() for binary in BINARIES):
        return None
    installed = tuple(int(number) for number in numbers.groups())
    return folder if installed[0] == wanted[0] and installed >= wanted else None


def find_cached_pulumi() -> Path | None:
    return next((f for f in (official_folder(), built_folder()) if all((f / b).exists() for b in BINARIES)), None)


def official_folder() -> Path:
    return CACHE / f"pulumi-v{PULUMI_VERSION}" / "bin"


def built_folder() -> Path:
    return CACHE / f"pulumi-v{PULUMI_VERSION}-built"


def download_pulumi() -> Path | None:
    """The official release, by Pulumi's own installer; None where its site is out of reach."""
    if not reachable("get.pulumi.com"):
        return None
    code = (
        "import sys, semver; from pulumi.automation import PulumiCommand as P;"
        "P.install(root=sys.argv[1], version=semver.VersionInfo.parse(sys.argv[2]))"
    )
    with contextlib.suppress(StepError):
        run([str(BIN / "python"), "-c", code, str(official_folder().parent), PULUMI_VERSION], "")
    return official_folder() if all((official_folder() / binary).exists() for binary in BINARIES) else None


def build_pulumi() -> Path:
    """Pulumi and its Python language host, built from source with Go (about two minutes)."""
    if not shutil.which("go"):
        raise StepError(
            "Pulumi is not installed, get.pulumi.com is out of reach, and there is no Go to build it with.\n"
            f"Install Pulumi {PULUMI_VERSION} or newer, or Go 1.25 or newer, then run the command again."
        )
    say("building with Go, about two minutes … ", end="")
    folder = built_folder()
    folder.mkdir(parents=True, exist_ok=True)
    sources = ROOT / "tools"
    stamped = "-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v"
    go_build(
        sources / "pulumi",
        "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        folder / "pulumi",
        f"{stamped}{PULUMI_VERSION}",
    )
    go_build(
        sources / LANGUAGE_HOST,
        f"github.com/pulumi/pulumi/sdk/v3/python/cmd/{LANGUAGE_HOST}",
        folder / LANGUAGE_HOST,
        f"{stamped}3.79.0",
    )
    module = run(["go", "list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi/sdk/v3"], "", cwd=sources / "pulumi")
    executor = folder / BINARIES[2]
    executor.unlink(missing_ok=True)
    shutil.copyfile(Path(module.strip()) / "python" / "cmd" / BINARIES[2], executor)
    executor.chmod(0o755)
    return folder
