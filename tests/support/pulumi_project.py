"""A Pulumi project of its own for a test, run by the real command line with the stand-in for the Cloudflare provider.

State, plugins and settings are all below one temporary directory; the Cloudflare API is whatever `base_url` names.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from local_cloudflare.provider.install import install
from tests.support.processes import kill_tree

_TIMEOUT = 120  # seconds that one command may take on a busy machine


class PulumiProject:
    """`directory` is the project's: programs read their files there. The stack is `dev`."""

    def __init__(
        self,
        directory: Path,
        *,
        name: str,
        program: str,
        base_url: str,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`environment`: what its commands see beside what is set here, or in its place."""
        home, state = directory / ".home", directory / ".state"
        state.mkdir(parents=True)
        install(home)
        (directory / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n")
        self.directory = directory
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("PULUMI_", "CLOUDFLARE_"))},
            "PULUMI_HOME": str(home),
            "PULUMI_BACKEND_URL": f"{state.as_uri()}?metadata=skip",  # as in scripts/local_stack.py
            "PULUMI_CONFIG_PASSPHRASE": "passphrase",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "CLOUDFLARE_BASE_URL": base_url,
            "CLOUDFLARE_API_TOKEN": "token",
            **environment,
        }
        self.write(program)
        self.run("stack", "init", "dev")

    def write(self, program: str) -> None:
        """Make `program` the project's."""
        (self.directory / "__main__.py").write_text(program)

    def run(self, *arguments: str, exit_code: int = 0, **environment: str) -> str:
        """Run a command to its end; returns what it printed. Fails the test unless it ends with `exit_code`."""
        with self.start(*arguments, **environment) as process:
            try:
                output, _ = process.communicate(timeout=_TIMEOUT)
            finally:
                kill_tree(process)
        assert process.returncode == exit_code, f"pulumi {' '.join(arguments)}: exit {process.returncode}\n{output}"
        return output

    def up(self, *arguments: str, exit_code: int = 0, **environment: str) -> str:
        return self.run("up", "--yes", "--skip-preview", *arguments, exit_code=exit_code, **environment)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command; standard output and error come as one."""
        return subprocess.Popen(
            [self.executable(), *arguments, "--non-interactive", "--color", "never"],
            cwd=self.directory,
            env={**self.environment, **environment},
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def resources(self, *arguments: str) -> list[dict[str, Any]]:
        """The resources in the state; secrets stay encrypted, unless `--show-secrets` is asked for."""
        exported = json.loads(self.run("stack", "export", *arguments))
        resources: list[dict[str, Any]] = exported["deployment"]["resources"]
        return resources

    @staticmethod
    def executable() -> str:
        found = shutil.which("pulumi")
        assert found, "pulumi is not on PATH: `make setup`, then `make test`"
        return found
