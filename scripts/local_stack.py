"""The embedded default: the Pulumi stack `local` against Cloudflare on this machine.

Everything of it is below `.local/` (git-ignored): the emulated account, Pulumi's state, a plugin home of its own (so
that no production stack can pick up the stand-in provider), and the passphrase that encrypts the stack's secrets.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[1]
LOCAL = ROOT / ".local"
CLOUDFLARE = LOCAL / "cloudflare"
STATE = LOCAL / "state"
STACK = "local"


@dataclass(frozen=True, kw_only=True)
class LocalCloudflare:
    """Where the emulated account answers, and with which token."""

    account_id: str
    api_token: str
    api_port: int
    workers_port: int

    @property
    def workers_url(self) -> str:
        """The URL of a Worker, with `{worker}` for its name."""
        return f"http://{{worker}}.localhost:{self.workers_port}"


def local_cloudflare() -> LocalCloudflare:
    """The emulated account's settings, which exist once it was started."""
    settings = json.loads((CLOUDFLARE / "settings.json").read_text())
    return LocalCloudflare(**{name: settings[name] for name in LocalCloudflare.__dataclass_fields__})


def secret(name: Literal["passphrase", "apiToken", "webhookSecret"]) -> str:
    """A secret of this checkout: made on first use, kept in `.local/secrets/`, readable by the user only."""
    path = LOCAL / "secrets" / name
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path.with_suffix(".new"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            value = secrets.token_bytes(32)
            file.write(f"whsec_{b64encode(value).decode()}" if name == "webhookSecret" else value.hex())
        path.with_suffix(".new").replace(path)
    return path.read_text()


def environment() -> dict[str, str]:
    """What `make shell` exports, so that pulumi, python -m orchestrator, wrangler and curl just work."""
    cloudflare = local_cloudflare()
    api = f"http://127.0.0.1:{cloudflare.api_port}/client/v4"
    return {
        "PATH": f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PULUMI_HOME": str(LOCAL / "pulumi"),
        "PULUMI_BACKEND_URL": STATE.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": secret("passphrase"),
        "PULUMI_STACK": STACK,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "CLOUDFLARE_BASE_URL": api,
        "CLOUDFLARE_API_BASE_URL": api,
        "CLOUDFLARE_API_TOKEN": cloudflare.api_token,
        "CLOUDFLARE_ACCOUNT_ID": cloudflare.account_id,
        "ORCHESTRATOR_URL": cloudflare.workers_url.format(worker=orchestrator_worker()),
        "ORCHESTRATOR_TOKEN": secret("apiToken"),
    }


def orchestrator_worker() -> str:
    """The routing Worker's name, as the stack's last update has it, else as the manifest says."""
    from orchestrator.errors import OrchestratorError
    from orchestrator.manifest import load

    try:
        return load(ROOT / "autopilots.yaml").orchestrator.worker
    except OrchestratorError:
        return "efh-autopilot-orchestrator"


def pulumi(
    *arguments: str, capture: bool = False, check: bool = True, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the Pulumi command line on the local stack's backend, on this terminal unless `capture`."""
    done = subprocess.run(
        ["pulumi", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment()},
        text=True,
        check=False,
        capture_output=capture,
        input=stdin,
    )
    if check and done.returncode != 0:
        if capture:
            sys.stderr.write(done.stdout + done.stderr)
        raise SystemExit(done.returncode)
    return done
