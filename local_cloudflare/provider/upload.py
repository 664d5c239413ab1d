"""The upload of a Worker: its module and the metadata that goes with it, as one multipart body.

Touches: the file that `contentFile` names, relative to the working directory, which is the Pulumi project's.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

from local_cloudflare.provider.errors import ProviderError
from local_cloudflare.provider.multipart import Part, encode
from local_cloudflare.provider.plan import known
from local_cloudflare.provider.schema import Failure
from local_cloudflare.provider.values import UNKNOWN, Properties, to_api

_METADATA = (
    "annotations",
    "bindings",
    "bodyPart",
    "compatibilityDate",
    "compatibilityFlags",
    "keepAssets",
    "keepBindings",
    "limits",
    "logpush",
    "mainModule",
    "observability",
    "placement",
    "tailConsumers",
    "usageModel",
)
_ASSETS_CONFIG_NAMES = {"headers": "_headers", "redirects": "_redirects"}


def file_failures(inputs: Properties) -> list[Failure]:
    """Whether each of the `files` has one content, and whether it is the one that the program hashed."""
    files = inputs.get("files")
    failures = []
    for name, given in files.items() if isinstance(files, dict) else ():
        file, text, sha256 = (given.get(key) for key in ("contentFile", "contentBase64", "contentSha256"))
        if UNKNOWN in (file, text, sha256):
            continue
        if (file is None) == (text is None):
            reason = 'exactly one of "contentBase64" and "contentFile" must be specified'
            failures.append(Failure(f"files.{name}", reason))
        elif file is not None and sha256 is None:
            reason = '"contentSha256" must be specified when "contentFile" is specified'
            failures.append(Failure(f"files.{name}", reason))
        elif sha256 is not None:
            failures += _hash_failures(file, None if file is not None else _file_content(given), sha256)
    return failures


def content_failures(inputs: Properties) -> list[Failure]:
    """Whether there is one content, and whether it is the one that the program hashed."""
    file, text, sha256 = (inputs.get(name) for name in ("contentFile", "content", "contentSha256"))
    if file is not None and text is not None:
        return [Failure("contentFile", 'cannot be specified when "content" is specified')]
    if file is None and text is None and "assets" not in inputs:
        return [Failure("content", 'at least one of "content", "contentFile" and "assets" must be specified')]
    if file is not None and sha256 is None:
        return [Failure("contentFile", '"contentSha256" must be specified when "contentFile" is specified')]
    if sha256 is None or UNKNOWN in (file, text, sha256):
        return []
    return _hash_failures(file, text, sha256)


def _hash_failures(file: str | None, content: bytes | str | None, sha256: str) -> list[Failure]:
    try:
        actual = hashlib.sha256(_content(file, content)).hexdigest()
    except ProviderError as error:
        return [Failure("contentSha256", str(error))]
    if actual == sha256:
        return []
    source = f"content_file ({file})" if file is not None else "content"
    reason = f"The provided SHA-256 hash '{sha256}' does not match the actual hash '{actual}' of {source}"
    return [Failure("contentSha256", reason)]


def encoded(planned: Properties, assets_token: str) -> tuple[bytes, str]:
    """The body and its content type. `assets_token` ends an assets upload; empty without one."""
    sent = known(planned)
    metadata = {name: sent[name] for name in _METADATA if name in sent}
    content_type = "application/javascript+module"
    name = sent.get("mainModule")
    if name is None:
        name, content_type = "script", "application/javascript"
        metadata["bodyPart"] = name
    body = to_api(metadata)
    if "assets" in sent:
        body["assets"] = _assets(sent["assets"], assets_token)
    return encode(
        [
            Part(
                name=name,
                filename=name,
                content_type=sent.get("contentType", content_type),
                content=_content(sent.get("contentFile"), sent.get("content")),
            ),
            *(
                Part(name=name, filename=name, content_type=file["contentType"], content=_file_content(file))
                for name, file in sorted(sent.get("files", {}).items())
            ),
            Part(
                name="metadata",
                content_type="application/json",
                content=json.dumps(body, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode(),
            ),
        ]
    )


def _assets(assets: Properties, token: str) -> Properties:
    result: Properties = {"jwt": token} if token else {}
    if "config" in assets:
        config = to_api(assets["config"])
        result["config"] = {_ASSETS_CONFIG_NAMES.get(name, name): value for name, value in config.items()}
    return result


def _file_content(given: Properties) -> bytes:
    if given.get("contentFile") is not None:
        return _content(given["contentFile"], None)
    return base64.b64decode(given.get("contentBase64", ""))


def _content(file: str | None, content: bytes | str | None) -> bytes:
    if file is None:
        return content if isinstance(content, bytes) else (content or "").encode()
    path = Path(file).expanduser()
    try:
        return path.read_bytes()
    except OSError as error:
        raise ProviderError(f"could not read file {file}: {error.strerror}") from error
