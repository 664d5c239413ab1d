"""What one local Cloudflare remembers between starts: its token, its account id and its ports.

In `settings.json` of the data directory, readable by its owner only. The same token, account and ports at each start
mean that stacks, shells and bookmarks stay valid. Touches that file and, to see whether a port is free, loopback.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import socket
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from local_cloudflare.errors import ServiceError
from orchestrator.files import PRIVATE, write_whole

LOOPBACK = "127.0.0.1"
STRIPE_PATH = "/_stripe"
DEFAULT_PORTS = (7787, 7788)  # of the API and of Workers
_TIMEOUT = 3.0  # seconds
_ACCOUNT_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`api_token` has 40 characters, as the official provider demands; a port of 0 was not chosen yet."""

    api_token: str
    account_id: str
    api_port: int = 0
    workers_port: int = 0

    @property
    def base_url(self) -> str:
        return f"http://{LOOPBACK}:{self.api_port}/client/v4"

    @property
    def s3_url(self) -> str:
        """R2's S3 endpoint of the account."""
        return f"http://{LOOPBACK}:{self.api_port}/_s3/{self.account_id}"

    @property
    def stripe_url(self) -> str:
        """Where Stripe is, for the stack `local`."""
        return f"http://{LOOPBACK}:{self.api_port}{STRIPE_PATH}"

    @property
    def heal_token(self) -> str:
        """May ask for a heal (`/_local/heal`), and nothing else; it follows from the API token, not the other way."""
        return hmac.new(self.api_token.encode(), b"heal", "sha256").hexdigest()

    @property
    def workers_url(self) -> str:
        """The URL of a Worker, with `{worker}` for its name."""
        return f"http://{{worker}}.localhost:{self.workers_port}"

    @property
    def main_url(self) -> str:
        """The URL, for any client, of the Worker that was exposed at the port of all Workers."""
        return f"http://{LOOPBACK}:{self.workers_port}"


def load(data: Path) -> Settings | None:
    """The settings of a data directory, None where there are none yet."""
    try:
        return Settings(**json.loads(_path(data).read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise ServiceError(
            f"{_path(data)} cannot be read: {error}", "delete it: the next start makes a new token", exit_code=2
        ) from error


def load_or_create(data: Path, *, account_id: str | None = None) -> Settings:
    """The settings, made at the first start. Another `account_id` than the remembered one replaces it."""
    if account_id is not None and not _ACCOUNT_ID.fullmatch(account_id):
        raise ServiceError(
            f"the account id {account_id!r} is none", "an account id has 32 hexadecimal digits", exit_code=2
        )
    settings = load(data) or Settings(
        api_token=secrets.token_urlsafe(30), account_id=account_id or secrets.token_hex(16)
    )
    return replace(settings, account_id=account_id or settings.account_id)


def save(data: Path, settings: Settings) -> None:
    data.mkdir(parents=True, exist_ok=True)
    write_whole(_path(data), json.dumps(asdict(settings), indent=1), mode=PRIVATE)


def choose_ports(settings: Settings, *, api_port: int | None, workers_port: int | None) -> tuple[int, int]:
    """The ports to listen on, of the API and of Workers; 0 for any free one.

    What is asked for on the command line comes first, then what was used the last time; at the first start the
    defaults, or any free ones where one of the two is taken. Raises ServiceError where one that was asked for or
    remembered is taken.
    """
    if (api_port, workers_port) == (None, None) and settings.api_port == 0:
        return DEFAULT_PORTS if all(map(is_free, DEFAULT_PORTS)) else (0, 0)
    places = (
        ("the API", "--api-port", api_port, settings.api_port),
        ("Workers", "--workers-port", workers_port, settings.workers_port),
    )
    deadline = time.monotonic() + _TIMEOUT
    chosen, taken, options = [], [], []
    for label, option, asked, remembered in places:
        wanted = remembered if asked is None else asked
        if wanted == 0 or _becomes_free(wanted, deadline):
            chosen.append(wanted)
        else:
            why = "was used the last time" if asked is None else "was asked for"
            taken.append(f"port {wanted}, which {why} for {label}, is taken by another program")
            options.append(f"{option} 0")
            continue
        options += [f"{option} {asked}"] if asked is not None else []
    if taken:
        raise ServiceError(
            "\n".join(taken),
            "stop that program, or take free ones: `make up PORTS=free`, or "
            f"`python -m local_cloudflare start {' '.join(options)}` with your other options",
            exit_code=2,
        )
    return chosen[0], chosen[1]


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def _becomes_free(port: int, deadline: float) -> bool:
    """Free at once, or soon: workerd of a server that was killed notices it a moment later."""
    while not is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(_TIMEOUT / 50)
    return True


def _path(data: Path) -> Path:
    return data / "settings.json"
