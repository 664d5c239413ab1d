"""WorkersScript: a Worker's module with its bindings and settings, uploaded as one.

A read takes three calls: what the Worker is, how it is set up, and its content. Bindings are the blind spot: see
`bindings`.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from local_cloudflare.provider import assets, upload
from local_cloudflare.provider.bindings import BINDING_TYPES, refreshed_bindings
from local_cloudflare.provider.plan import settled
from local_cloudflare.provider.resources.base import Resource
from local_cloudflare.provider.resources.script_schema import SCHEMA
from local_cloudflare.provider.schema import Failure, with_defaults
from local_cloudflare.provider.values import UNKNOWN, Properties, from_api, rfc3339
from orchestrator.multipart import Part, parse

if TYPE_CHECKING:
    from local_cloudflare.provider.client import Client

_FROM_SETTINGS = (
    "compatibilityDate",
    "compatibilityFlags",
    "limits",
    "logpush",
    "observability",
    "placement",
    "tailConsumers",
    "usageModel",
)


class WorkersScript(Resource):
    """`A/workers/scripts/{name}`."""

    pulumi_type = "cloudflare:index/workersScript:WorkersScript"
    import_id = ("accountId", "scriptName")
    secret_keys = frozenset({"text", "keyBase64", "keyJwk"})
    schema = SCHEMA

    def validate(self, inputs: Properties) -> list[Failure]:
        failures = [*upload.content_failures(inputs), *upload.file_failures(inputs)]
        given = inputs.get("assets")
        for name in sorted(set(given) - {"directory", "config"} if isinstance(given, dict) else ()):
            failures.append(Failure(f"assets.{name}", "the local stand-in takes only directory and config"))
        bindings = inputs.get("bindings", [])
        for index, binding in enumerate(bindings if isinstance(bindings, list) else []):
            kind = binding.get("type", UNKNOWN) if isinstance(binding, dict) else UNKNOWN
            if kind is not UNKNOWN and kind not in BINDING_TYPES:
                failures.append(Failure(f"bindings[{index}].type", f'no binding type is called "{kind}"'))
        return failures

    def desired(self, inputs: Properties) -> Properties:
        result = with_defaults(self.schema, inputs)
        given = inputs.get("assets")
        if isinstance(given, dict) and isinstance(given.get("directory"), str):
            sha256 = assets.manifest_sha256(assets.manifest(given["directory"]))
            result["assets"] = {**given, "assetManifestSha256": sha256}
        return result

    def create(self, client: Client, planned: Properties) -> Properties:
        account, name = planned["accountId"], planned["scriptName"]
        directory = planned.get("assets", {}).get("directory")
        token = assets.upload(client, account, name, assets.manifest(directory)) if directory else ""
        body, content_type = upload.encoded(planned, token)
        answer = client.result(client.send("PUT", _path(planned), body, {"content-type": content_type}))
        return settled(planned, {**_timed(from_api(answer or {})), "id": name})

    def read(self, client: Client, state: Properties) -> Properties:
        account, name = state["accountId"], state["scriptName"]
        service = client.properties("GET", f"/accounts/{account}/workers/services/{name}")
        settings = client.properties("GET", f"{_path(state)}/settings")
        content = client.send("GET", f"{_path(state)}/content/v2")
        parts = _parts(content.content, content.headers.get("content-type", ""))
        described = _timed(service.get("defaultEnvironment", {}).get("script", {}))
        seen = {key: value for key, value in described.items() if key in self.schema and key != "id"}
        seen |= {key: settings[key] for key in _FROM_SETTINGS if key in settings}
        if seen.get("placement") == {}:
            del seen["placement"]
        bindings = refreshed_bindings(settings.get("bindings", []), state.get("bindings", []))
        found = {**_content(parts[0].content, state), **_files(parts[1:], state)}
        return {**state, **seen, **found, "bindings": bindings, "id": name}

    def update(self, client: Client, planned: Properties, state: Properties) -> Properties:
        return self.create(client, planned)

    def delete(self, client: Client, state: Properties) -> None:
        client.call("DELETE", _path(state))


def _timed(answer: Properties) -> Properties:
    """An answer with its times as the state has them."""
    return {key: rfc3339(value) if key in ("createdOn", "modifiedOn") else value for key, value in answer.items()}


def _parts(body: bytes, content_type: str) -> list[Part]:
    """The script's modules, the main one first."""
    is_one = not content_type.lower().startswith("multipart/")
    return [Part(name="", content=body)] if is_one else parse(body, content_type)


def _files(parts: list[Part], state: Properties) -> Properties:
    """The other modules as the state has them: by their hash, without those that are there no more."""
    if "files" not in state:
        return {}
    hashes = {part.name: hashlib.sha256(part.content).hexdigest() for part in parts}
    known = {name: each for name, each in state["files"].items() if name in hashes}
    return {"files": {name: {**each, "contentSha256": hashes[name]} for name, each in known.items()}}


def _content(module: bytes, state: Properties) -> Properties:
    """The module as the state has it: by its hash, and as text unless it comes from a file."""
    result: Properties = {}
    if "contentFile" not in state:
        result["content"] = module.decode(errors="replace")
    if "contentSha256" in state:
        result["contentSha256"] = hashlib.sha256(module).hexdigest()
    return result


def _path(properties: Properties) -> str:
    return f"/accounts/{properties['accountId']}/workers/scripts/{properties['scriptName']}"
