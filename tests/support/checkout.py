"""A checkout of its own for tests that run `make`: the project's files, copied, and the installed tools, linked."""

from __future__ import annotations

import os
import random
import shlex
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from local_cloudflare import settings
from local_cloudflare.provider.install import PLUGIN_VARIABLE
from tests.support.project import ROOT


@dataclass(frozen=True)
class Checkout:
    """The project in `folder`. Every command runs there as a user's would."""

    folder: Path

    @classmethod
    def create(cls, folder: Path) -> Checkout:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        for name in (".venv", "node_modules"):
            (folder / name).symlink_to((ROOT / name).resolve())
        _choose_ports(folder / ".local" / "cloudflare")
        return cls(folder)

    @property
    def manifest(self) -> Path:
        return self.folder / "autopilots.yaml"

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Start a command as the leader of its own process group."""
        # Without what an outer make or an outer local stack has put there.
        hidden = ("MAKE", "MFLAGS", "PULUMI", "CLOUDFLARE")
        clean = {k: v for k, v in os.environ.items() if k == PLUGIN_VARIABLE or not k.startswith(hidden)}
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=clean,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *command: str, expect: int = 0, timeout: float = 240) -> str:
        """Run a command to its end; what it printed."""
        process = self.start(*command)
        output, _ = process.communicate(timeout=timeout)
        assert process.returncode == expect, f"{shlex.join(command)} exited with {process.returncode}:\n{output}"
        return output

    def make(self, target: str) -> str:
        return self.run("make", target)

    def shell(self, script: str, expect: int = 0) -> str:
        """Run a script in the environment of `make shell`."""
        return self.run("bash", "-ec", f'eval "$(make -s shell)"\n{script}', expect=expect)


def _choose_ports(data: Path) -> None:
    """Ports that nobody takes while this one is down: not the defaults, and not those of outgoing connections."""
    free = filter(settings.is_free, random.sample(range(20_000, 32_000), 100))
    chosen = replace(settings.load_or_create(data), api_port=next(free), workers_port=next(free))
    settings.save(data, chosen)
