"""Install everything that the project needs, inside the checkout: `make setup`, which every other target runs first.

Needs Python 3.11 with `venv`, and nothing else by hand. Each step leaves a stamp of what it was made from, so that the
next run takes milliseconds, and a broken or interrupted step is done again. Pulumi is taken from PATH or downloaded;
where neither can be had it is built with Go (tools/), once for all checkouts.

Touches: .venv/, node_modules/, .local/ in the checkout, and ${XDG_CACHE_HOME:-~/.cache}/autopilot-orchestrator/.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import platform
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from scripts.install_pulumi import BINARIES, PULUMI_VERSION, pulumi
from scripts.steps import BIN, ENVIRONMENT, LOCAL, ROOT, StepError, reachable, run, say

VENV = ROOT / ".venv"
PLACE = "command.stamp"  # in the environment: where it was when its command was made
PULUMI_HOME = LOCAL / "pulumi"
PLUGIN_VARIABLE = "CLOUDFLARE_PROVIDER_PLUGIN"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dev", action="store_true", help="also what the tests and checks need")
    dev = parser.parse_args().dev
    if sys.version_info < (3, 11):  # noqa: UP036  whoever runs this may have any Python
        print("Python 3.11 or newer is needed; name one with `make PYTHON=python3.12 setup`", file=sys.stderr)
        return 2
    if reason := unfit(sys.platform, platform.libc_ver()[0]):
        print(reason, file=sys.stderr)
        return 2
    LOCAL.mkdir(mode=0o700, exist_ok=True)
    try:
        with only_one():
            forget_moved(VENV)
            step("Python environment", VENV / "stamp", sys.version, make_environment)
            lock = ROOT / ("requirements-dev.lock" if dev else "requirements.lock")
            if not (dev is False and stamp_is(VENV / "requirements.stamp", digest(ROOT / "requirements-dev.lock"))):
                step("Python packages", VENV / "requirements.stamp", digest(lock), lambda: pip(lock))
            step("Command", VENV / PLACE, str(VENV.resolve()), command)
            step("Node packages", ROOT / "node_modules" / ".stamp", digest(ROOT / "package-lock.json"), npm)
            if not all((BIN / binary).exists() for binary in BINARIES):  # one of PATH may have been removed since
                refuse_link(VENV)
                (VENV / "pulumi.stamp").unlink(missing_ok=True)
            step(f"Pulumi {PULUMI_VERSION}", VENV / "pulumi.stamp", PULUMI_VERSION, pulumi)
            installed = f"{ROOT} {PULUMI_VERSION} {os.environ.get(PLUGIN_VARIABLE, '')}"
            step("Cloudflare provider for the local stack", PULUMI_HOME / "stamp", installed, provider)
            if dev:
                chromium()
    except StepError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; `make setup` continues from here", file=sys.stderr)
        return 130
    return 0


def unfit(system: str, libc: str) -> str | None:
    """Why this cannot run on a system (`sys.platform`) with such a C library, and the way out; None where it can."""
    if system == "win32":
        return "Windows has no workerd for this: work in WSL (https://learn.microsoft.com/windows/wsl/install)"
    if system == "linux" and libc != "glibc":
        return "workerd needs glibc, and this system has another C library: work in a container with Debian"
    return None


def step(name: str, stamp: Path, content: str, action: Callable[[], None]) -> None:
    """Run `action`, which installs into the stamp's folder, unless `stamp` says that it was done for `content`."""
    if stamp_is(stamp, content):
        return
    refuse_link(stamp.parent)
    say(f"  {name} … ", end="")
    start = time.monotonic()
    stamp.unlink(missing_ok=True)
    try:
        action()
    except StepError as error:
        say("failed")
        raise StepError(f"setup failed at: {name}\n{error}") from error
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(content)
    say(f"{time.monotonic() - start:.0f} s")


def refuse_link(folder: Path) -> None:
    """Nothing is installed through a link: it would change, or empty, what another checkout uses."""
    if folder.is_symlink():
        real = folder.resolve()
        raise StepError(
            f"{folder} is a link to {real}, which is not as this checkout needs it, and nothing is installed through "
            f"a link.\nRun `make setup-dev` in {real.parent}, or remove the link, then run the command again."
        )


def forget_moved(environment: Path) -> None:
    """Have an environment made again that was moved, or copied, with its checkout: its programs name the old place."""
    place = environment / PLACE
    if place.exists() and not stamp_is(place, str(environment.resolve())):
        (environment / "stamp").unlink(missing_ok=True)


def make_environment() -> None:
    run([sys.executable, "-m", "venv", "--clear", str(VENV)], "install Python's venv module (Debian: python3-venv)")


def pip(lock: Path) -> None:
    run(
        [
            *(str(BIN / "python"), "-m", "pip", "install", "--disable-pip-version-check"),
            *("--require-hashes", "-r", str(lock)),
        ],
        "is the Python package index reachable?",
        # Without bytecode each run of Pulumi would compile the provider's large SDK again.
        env={**ENVIRONMENT, "PYTHONDONTWRITEBYTECODE": ""},
    )


def command() -> None:
    """`orchestrator` in the environment, from any folder: `python -m orchestrator` of this checkout."""
    packages = next((VENV.resolve() / "lib").glob("python3.*/site-packages"))
    (packages / "autopilot_orchestrator.pth").write_text(f"{VENV.resolve().parent}\n")
    script = BIN / "orchestrator"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(str(BIN.resolve() / "python"))} -m orchestrator "$@"\n')
    script.chmod(0o755)


def npm() -> None:
    run([str(BIN / "npm"), "ci", "--no-progress"], "is the npm registry reachable?")


def provider() -> None:
    """The plugin that CLOUDFLARE_PROVIDER_PLUGIN names, else the official one where it can be downloaded, else the
    stand-in; in the local stack's own home."""
    home = {**ENVIRONMENT, "PULUMI_HOME": str(PULUMI_HOME)}
    version = run(
        [str(BIN / "python"), "-c", "import importlib.metadata as m; print(m.version('pulumi-cloudflare'))"], ""
    ).strip()
    if not os.environ.get(PLUGIN_VARIABLE) and reachable("get.pulumi.com"):
        for link in PULUMI_HOME.glob("plugins/resource-cloudflare-v*/pulumi-resource-cloudflare"):
            if link.is_symlink():  # an earlier run was told to use another plugin
                shutil.rmtree(link.parent)
        with contextlib.suppress(StepError):
            command = [str(BIN / "pulumi"), "plugin", "install", "resource", "cloudflare", version]
            run(command, "", env=home, timeout=300)
            return
    command = [str(BIN / "python"), "-m", "local_cloudflare.provider", "install", "--pulumi-home", str(PULUMI_HOME)]
    run(command, "", env=home)


def chromium() -> None:
    """The browser of tests/browser, from Debian's packages where this user may install them; else they are skipped."""
    if any(map(shutil.which, BROWSERS)) or not shutil.which("apt-get") or os.geteuid() != 0:
        return
    say("  Chromium for the tests of the admin page … ", end="")
    with contextlib.suppress(StepError):
        run(["apt-get", "install", "--yes", "--no-install-recommends", "chromium"], "", timeout=600)
        say("installed")
        return
    say("not to be had, so those tests are skipped")


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Two setups in one checkout wait for each other."""
    import fcntl  # not on Windows, which is told before this

    with (LOCAL / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def stamp_is(stamp: Path, content: str) -> bool:
    return stamp.exists() and stamp.read_text() == content


def digest(*paths: Path) -> str:
    """One hash of these files and of requirements.txt, which pins the tools that read them."""
    files = sorted({*paths, ROOT / "requirements.txt"})
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
