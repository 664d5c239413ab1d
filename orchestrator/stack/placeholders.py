"""A stack's state and settings with a placeholder in place of each secret: for the preview of a pull request.

Code of a pull request runs there, so nothing may be at hand that opens the stack's secrets or writes its state.
docs/decisions/0018-workflows-and-secrets.md.

Pure.
"""

from __future__ import annotations

import copy
import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.kinds import Kind
from orchestrator.stack.state import DELTA, SECRET

PLACEHOLDER = "placeholder-in-place-of-a-secret"
"""Long enough to pass for a token."""
SECRETS_LEFT_OUT = "secretsLeftOut"
"""The setting of a stack with placeholders: the program binds PLACEHOLDER for each secret, and refuses an update."""
_URL = "https://placeholder.example.com/"
_VALUES = {  # what would not pass for right with PLACEHOLDER
    "webhookSecret": f"whsec_{b64encode(PLACEHOLDER.encode()).decode()}",
    "heal": json.dumps({"url": _URL}),
    "alertUrl": _URL,
    "alertUrls": _URL,
}
_WITHOUT_SECRETS = ("plain_text", "kv_namespace", "r2_bucket", "d1", "service", "queue", "ai", "send_email", "assets")
_IS_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 (what Pulumi marks a secret with)


def state_without_secrets(exported: Mapping[str, Any]) -> dict[str, Any]:
    """The state, as `pulumi stack export --show-secrets` prints it, without what it was encrypted with.

    Of the secrets only the bindings of Workers are left, each that may hold a secret without its value.
    """
    told = copy.deepcopy(dict(exported))
    deployment = told["deployment"]
    deployment.pop("secrets_providers", None)  # it has the salt of the real passphrase
    deployment.pop("pending_operations", None)
    for resource in deployment.get("resources") or []:
        is_worker = resource["type"] == Kind.WORKER.pulumi_type
        for part in ("inputs", "outputs"):
            properties = {key: value for key, value in (resource.get(part) or {}).items() if key != DELTA}
            resource[part] = {
                key: _replaced(value, bindings=is_worker and key == "bindings") for key, value in properties.items()
            }
    return told


def _replaced(value: Any, *, bindings: bool = False) -> Any:
    if isinstance(value, Mapping) and SECRET in value:
        plain = json.loads(value["plaintext"]) if bindings else None
        kept = [_binding(each) for each in plain] if isinstance(plain, list) else PLACEHOLDER
        return {SECRET: _IS_SECRET, "plaintext": json.dumps(kept)}
    if isinstance(value, Mapping):
        return {key: _replaced(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_binding(each) if bindings else _replaced(each) for each in value]
    return value


def _binding(binding: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("name", "type")
    if binding.get("type") in _WITHOUT_SECRETS:
        return {key: _unwrapped(value) for key, value in binding.items()}
    return {key: value if key in kept or value is None else PLACEHOLDER for key, value in binding.items()}


def _unwrapped(value: Any) -> Any:
    """The provider takes each text of a binding for a secret, also that of a plain variable."""
    return json.loads(value["plaintext"]) if isinstance(value, Mapping) and SECRET in value else value


def settings_without_secrets(settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """A stack's settings file: without its secrets, and a placeholder for each by its path in `pulumi config`."""
    config = settings.get("config") or {}
    secrets = {
        path: _VALUES.get(key.rpartition(":")[2], PLACEHOLDER)
        for key, value in config.items()
        if key != "cloudflare:apiToken"  # the preview has a token of its own
        for path in _secret_paths(key, value)
    }
    return {
        "config": {key: kept for key, value in config.items() if (kept := _plain(value)) not in (None, {})}
    }, secrets


def _secret_paths(path: str, value: Any) -> Iterator[str]:
    if _is_encrypted(value):
        yield path
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _secret_paths(f'{path}["{key}"]', each)


def _plain(value: Any) -> Any:
    """The value without what is encrypted; None where it is."""
    if _is_encrypted(value):
        return None
    if isinstance(value, Mapping):
        return {key: kept for key, each in value.items() if (kept := _plain(each)) is not None}
    return value


def _is_encrypted(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {"secure"}


def secret_texts(config: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """The texts that must be in nothing that is published, of `pulumi config --json --show-secrets`."""
    values = [each.get("objectValue", each.get("value")) for each in config.values() if each.get("secret")]
    return {word for value in values for text in _texts(value) for word in (text, *text.split()) if len(word) >= 8}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif value is not None:
        yield str(value)
