"""Where the provider may talk to, and with which token: from Pulumi's configuration, otherwise the environment.

The stand-in must never touch a real account, so an address that is not this machine's loopback is refused here, before
any call can be made. Pure: the environment is an argument.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from local_cloudflare.provider.errors import ConfigurationError

_OFFICIAL_URL = "https://api.cloudflare.com/client/v4"
_PREFIX = "cloudflare:config:"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A checked address (without a slash at the end) and an API token."""

    base_url: str
    token: str = field(repr=False)


def settings(config: Mapping[str, str], environment: Mapping[str, str], version: str) -> Settings:
    """The settings that hold. `config` has Pulumi's names (`cloudflare:config:apiToken`). Raises ConfigurationError."""
    base_url = config.get(_PREFIX + "baseUrl") or environment.get("CLOUDFLARE_BASE_URL") or _OFFICIAL_URL
    token = config.get(_PREFIX + "apiToken") or environment.get("CLOUDFLARE_API_TOKEN")
    checked = _loopback(base_url, version)
    if not token:
        raise ConfigurationError(
            'must provide "api_token" to use the Cloudflare provider: set CLOUDFLARE_API_TOKEN, or '
            "`pulumi config set --secret cloudflare:apiToken`"
        )
    return Settings(base_url=checked, token=token)


def _loopback(url: str, version: str) -> str:
    """`url` put together again from the parts that were checked, so that no other reading of it can be used."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ConfigurationError(_refusal(url, version)) from None
    if parts.scheme not in ("http", "https") or not _is_loopback(host):
        raise ConfigurationError(_refusal(url, version))
    where = (f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")
    return urlunsplit((parts.scheme, where, parts.path.rstrip("/"), "", ""))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refusal(url: str, version: str) -> str:
    return (
        f"this is the local stand-in for the Cloudflare provider: it only talks to a Cloudflare API on this machine, "
        f"not to {url}. For the local stack set CLOUDFLARE_BASE_URL to its address. For a real account install the "
        f"official plugin, in a Pulumi home without the stand-in: pulumi plugin install resource cloudflare {version}"
    )
