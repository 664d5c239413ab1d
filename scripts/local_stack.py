"""The embedded default: the Pulumi stack `local` against Cloudflare on this machine.

Everything of it is below `.local/` (git-ignored): the emulated account, Pulumi's state, a plugin home of its own (so
that no production stack can pick up the stand-in provider), and the passphrase that encrypts the stack's secrets.
"""

from __future__ import annotations

import os
import secrets
from base64 import b64encode
from pathlib import Path
from typing import Literal

from local_cloudflare.settings import Settings, load
from orchestrator.errors import OrchestratorError, SettingsError
from orchestrator.files import PRIVATE, write_whole
from orchestrator.manifest import load as load_manifest
from orchestrator.names import LOCAL as LOCAL_STACK
from orchestrator.stack.config import run_pulumi

ROOT = Path(__file__).resolve().parents[1]
LOCAL = ROOT / ".local"
CLOUDFLARE = LOCAL / "cloudflare"
STATE = LOCAL / "state"
TOOLS = (ROOT / ".venv" / "bin", ROOT / "node_modules" / ".bin")
STACK = LOCAL_STACK
CONFIG = ROOT / f"Pulumi.{STACK}.yaml"
SecretName = Literal["passphrase", "apiToken", "webhookSecret"]
CONFIG_SECRETS: tuple[SecretName, ...] = ("apiToken", "webhookSecret")


def secret(name: SecretName) -> str:
    """A secret of this checkout: made on first use, kept in `.local/secrets/`."""
    known = read_secret(name)
    if known is not None:
        return known
    value = secrets.token_bytes(32)
    made = f"whsec_{b64encode(value).decode()}" if name == "webhookSecret" else value.hex()
    store_secret(name, made)
    return made


def read_secret(name: str) -> str | None:
    """What was stored under the name; None where nothing was."""
    path = LOCAL / "secrets" / name
    return path.read_text() if path.exists() else None


def store_secret(name: str, value: str) -> None:
    """Keep it in `.local/secrets/`, readable by the user only."""
    path = LOCAL / "secrets" / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, value, mode=PRIVATE)


def settings() -> Settings:
    """The emulated account's settings, which exist once it was started."""
    found = load(CLOUDFLARE)
    if found is None:
        raise SettingsError("there is no local stack yet", "run `make up` first")
    return found


def environment() -> dict[str, str]:
    """What `make shell` exports, so that pulumi, python -m orchestrator, wrangler and curl just work."""
    cloudflare = settings()
    return {
        "PATH": os.pathsep.join(dict.fromkeys([*map(str, TOOLS), *os.environ["PATH"].split(os.pathsep)])),
        "PULUMI_HOME": str(LOCAL / "pulumi"),
        # Without the metadata file that Pulumi keeps beside the state: a kill may leave it empty, and the state unread.
        "PULUMI_BACKEND_URL": f"{STATE.as_uri()}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": secret("passphrase"),
        "PULUMI_STACK": STACK,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "CLOUDFLARE_BASE_URL": cloudflare.base_url,
        "CLOUDFLARE_API_BASE_URL": cloudflare.base_url,
        "R2_ENDPOINT_URL": cloudflare.s3_url,
        "CLOUDFLARE_API_TOKEN": cloudflare.api_token,
        "CLOUDFLARE_ACCOUNT_ID": cloudflare.account_id,
        "ORCHESTRATOR_URL": cloudflare.main_url,
        "ORCHESTRATOR_TOKEN": secret("apiToken"),
    }


def orchestrator_worker() -> str:
    """The routing Worker's name, as the manifest says; the usual one while the manifest is broken."""
    try:
        return load_manifest(ROOT / "autopilots.yaml").orchestrator.worker
    except OrchestratorError:
        return "efh-autopilot-orchestrator"


def pulumi(*arguments: str, capture: bool = False, check: bool = True, stdin: str | None = None) -> str | None:
    """Run the Pulumi command line on the local stack's backend, on this terminal unless `capture`; what it printed.

    Ctrl-C is Pulumi's to answer: it ends what is under way and records it. Raises OrchestratorError when Pulumi fails,
    or gives None where `check` is false.
    """
    finished = run_pulumi(arguments, ROOT, stdin=stdin, environment=environment(), show=not capture, check=False)
    if finished.code == 0:
        return finished.output
    if not check:
        return None
    reason = f":\n{(finished.errors or finished.output).strip()}" if capture else ""
    if "incorrect passphrase" in reason:
        raise _lost_passphrase()
    raise OrchestratorError(
        f"`pulumi {arguments[0]}` on the stack {STACK} failed{reason}",
        "its output above says why; `make up` continues from here",
    )


def _lost_passphrase() -> SettingsError:
    """Somebody has deleted `.local`, or the secrets in it, by hand."""
    what = f"was encrypted with a passphrase that is no longer in {LOCAL / 'secrets'}, so nothing can read its secrets"
    if any(STATE.glob(f".pulumi/stacks/**/{STACK}.json")):
        return SettingsError(
            f"the state of the stack {STACK}, with {CONFIG.name}, {what}",
            "put that folder back, or begin anew, without the data of this machine: `make destroy`, then `make up`",
        )
    return SettingsError(
        f"{CONFIG.name}, the settings of an earlier stack {STACK}, {what}",
        f"set it aside: `mv {CONFIG.name} {CONFIG.name}.old`, then `make up`, which makes it anew",
    )
