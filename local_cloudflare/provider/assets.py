"""The directory of static assets that belongs to a Worker: its manifest, and the upload of what Cloudflare lacks.

A manifest names each file by the first 32 hex digits of its SHA-256. Cloudflare answers which of them it wants, in
buckets, each to be sent as one multipart body in base64; the last answer has the token that the Worker's upload needs.

Touches: files below the directory.
"""

from __future__ import annotations

import base64
import hashlib
import json
import mimetypes
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_cloudflare.provider.errors import ProviderError
from local_cloudflare.provider.multipart import Part, encode

if TYPE_CHECKING:
    from local_cloudflare.provider.client import Client

_HASH_LENGTH = 32


@dataclass(frozen=True, kw_only=True)
class Asset:
    """One file, as the manifest has it; `size` in bytes."""

    path: Path
    hash: str
    size: int


Manifest = Mapping[str, Asset]


def manifest(directory: str) -> Manifest:
    """The files below `directory` (relative to the working directory) by URL path. Raises ProviderError."""
    root = Path(directory).absolute()
    if not root.is_dir():
        raise ProviderError(f"Error reading asset files: {directory}: no such directory")
    files = sorted(Path(folder, name) for folder, _, names in os.walk(root) for name in names)
    return {f"/{path.relative_to(root).as_posix()}": _asset(path) for path in files}


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    return Asset(path=path, hash=hashlib.sha256(content).hexdigest()[:_HASH_LENGTH], size=len(content))


def manifest_sha256(files: Manifest) -> str:
    """The SHA-256 by which a change of any file is seen, in hex."""
    text = json.dumps(_entries(files), separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _entries(files: Manifest) -> dict[str, dict[str, Any]]:
    return {name: {"hash": asset.hash, "size": asset.size} for name, asset in files.items()}


def upload(client: Client, account: str, script: str, files: Manifest) -> str:
    """Send what Cloudflare lacks of `files`; returns the completion token. Raises ApiError, ProviderError."""
    path = f"/accounts/{account}/workers/scripts/{script}/assets-upload-session"
    session = client.call("POST", path, {"manifest": _entries(files)})
    token = str(session.get("jwt") or "")
    by_hash = {asset.hash: asset for asset in files.values()}
    for bucket in session.get("buckets") or []:
        body, content_type = encode(_part(by_hash[wanted]) for wanted in bucket)
        headers = {"content-type": content_type, "authorization": f"Bearer {session['jwt']}"}
        path = f"/accounts/{account}/workers/assets/upload?base64=true"
        answer = client.result(client.send("POST", path, body, headers)) or {}
        token = str(answer.get("jwt") or token)
    if not token:
        raise ProviderError("failed to upload assets: no completion token received from upload session")
    return token


def _part(asset: Asset) -> Part:
    kind = mimetypes.guess_type(asset.path.name)[0] or "application/octet-stream"
    return Part(
        name=asset.hash,
        filename=str(asset.path),
        content_type=f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
        content=base64.b64encode(asset.path.read_bytes()),
    )
