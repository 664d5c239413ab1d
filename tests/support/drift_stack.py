"""A stack that is really brought up on a local Cloudflare, small, with one of each thing that can drift.

The project is this one's own program in a folder of its own: its code by links, its manifest, state and settings apart.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.stack.config import Stack, read_stack
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.project import ROOT
from tests.support.pulumi_project import PulumiProject

STACK = "dev"
LINKS = ("orchestrator", "node_modules", "package.json", "tsconfig.json")
HOST = "greet.example.com"  # of the zone that a local account has
ROUTER, KEEPER, GREETER = "efh-router", "efh-keeper", "efh-greeter"
LEDGER = "efh-ledger"  # a database that an autopilot needs
ARCHIVE = "ARCHIVE::2026"  # a title may hold what separates the parts of a URN
ROUTER_CRON, KEEPER_CRON = "*/15 * * * *", "0 6 * * *"
SECRETS = {"accessKey": "secret-access-key", "webhookSecret": "whsec_" + "c2VjcmV0" * 4}

MANIFEST: dict[str, Any] = {
    "orchestrator": {"worker": ROUTER, "cron": ROUTER_CRON, "kvNamespaces": ["REGISTRY"]},
    "autopilots": [
        {
            "name": "keeper",
            "worker": KEEPER,
            "capabilities": ["file.keep"],
            "needs": {
                "kvNamespaces": ["NOTES"],
                "r2Buckets": ["efh-files", {"name": "efh-cold", "storageClass": "InfrequentAccess"}],
                "d1Databases": [LEDGER],
                "workers": [
                    {
                        "name": KEEPER,
                        "content": "export default { fetch: () => new Response('keeper'), scheduled: () => {} }",
                        "crons": [KEEPER_CRON],
                        "secrets": ["ACCESS_KEY", {"name": "SPARE_KEY", "optional": True}],
                        "vars": {"MODE": "careful"},
                        "ai": True,
                    }
                ],
            },
        },
        {
            "name": "greeter",
            "worker": GREETER,
            "capabilities": ["greet.person"],
            "needs": {
                "workers": [
                    {
                        "name": GREETER,
                        "content": "export default { fetch: () => new Response('greeter') }",
                        "public": True,
                        "domains": [HOST],
                    }
                ]
            },
        },
        {
            # Its data is bound to no Worker of ours, so nothing keeps anybody from deleting it.
            "name": "archivist",
            "endpoint": "https://archive.example.com/",
            "capabilities": ["file.archive"],
            "needs": {"kvNamespaces": [ARCHIVE], "r2Buckets": [{"name": "efh-archive", "jurisdiction": "eu"}]},
        },
    ],
}


class DriftStack:
    """`project` runs Pulumi; `write` changes the manifest."""

    def __init__(self, directory: Path, server: LocalCloudflare) -> None:
        for name in LINKS:
            (directory / name).symlink_to(ROOT / name)
        # A copy: the routing Worker is bundled again by each check, and must not change while tests run.
        for folder in ("router", "packages"):
            shutil.copytree(ROOT / folder, directory / folder)
        program = (ROOT / "__main__.py").read_text()
        self.project = PulumiProject(directory, name="autopilot-orchestrator", program=program, base_url=server.url)
        self.project.environment |= {**server.environment, "PULUMI_STACK": STACK}
        self.write(MANIFEST)
        plain = {"accountId": server.account_id, "workersUrl": server.workers_url}
        self.project.run("config", "set-all", *(f"--plaintext={key}={value}" for key, value in plain.items()))
        secrets = {
            "apiToken": "callers-token" * 3,
            "webhookSecret": SECRETS["webhookSecret"],
            "secrets.ACCESS_KEY": SECRETS["accessKey"],
            "callers.shop": "token-of-the-shop" * 3,
            **{f"alertUrls.{channel}": "https://alerts.example.com/hook" for channel in ("slack", "webhook")},
        }
        self.project.run("config", "set-all", "--path", *(f"--secret={key}={value}" for key, value in secrets.items()))

    @property
    def root(self) -> Path:
        return self.project.directory

    def write(self, manifest: object) -> None:
        (self.root / "autopilots.yaml").write_text(yaml.safe_dump(manifest))

    def stack(self) -> Stack:
        """As the commands read it; within `environment`."""
        return read_stack(STACK, self.root)

    @contextmanager
    def environment(self) -> Iterator[None]:
        """This process sees what a shell in the project would."""
        with pytest.MonkeyPatch.context() as patch:
            for name in [name for name in os.environ if name.startswith(("PULUMI_", "CLOUDFLARE_"))]:
                patch.delenv(name)
            for name, value in self.project.environment.items():
                patch.setenv(name, value)
            yield
