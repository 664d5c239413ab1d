"""Static assets: a manifest is announced, missing contents are uploaded, and a script's upload then names the session.

A session lives in its token, a JWT as the real API gives (wrangler reads its expiry), signed with a key of this
process: the manifest is in the store under its own hash, so that a restart costs an upload at most its unfinished
session.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from typing import Any

from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.workers import errors
from local_cloudflare.api.workers.files import Files
from local_cloudflare.api.workers.models import StoredAssets

_MANIFEST = "asset_manifest"
# What an upload's config says in the words of these files; the runtime reads the files.
_RULES = ("_headers", "_redirects")
_HOUR = 3600
_HASH = re.compile(r"[0-9a-f]{32}")
_MOST_FILES = 20_000
_MOST_BYTES = 25 * 1024 * 1024
_HEADER = {"alg": "HS256", "typ": "JWT"}
_KEY = secrets.token_bytes(32)


class Assets:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._files = Files(cloud.data)

    def begin(self, manifest: Any) -> dict[str, Any]:
        """Announce `{path: {hash, size}}`; answered: a token, and the hashes to upload, in buckets."""
        files = _checked(manifest)
        id = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
        self._cloud.store.put(_MANIFEST, id, {"files": files})
        missing = sorted({hash for hash in files.values() if not self._files.has_asset(hash)})
        return {"jwt": self._token(id), "buckets": [missing] if missing else []}

    def upload(self, token: str, contents: dict[str, bytes]) -> dict[str, Any] | None:
        """Store contents by hash; answered: the completion token once nothing is missing, None before."""
        id = self._manifest(token)
        files = self._manifest_files(id)
        unknown = set(contents) - set(files.values())
        if unknown:
            raise errors.invalid_manifest(f"no file of it has the hash {min(unknown)}")
        for hash, content in contents.items():
            self._files.save_asset(hash, content)
        if all(self._files.has_asset(hash) for hash in files.values()):
            return {"jwt": self._token(id)}
        return None

    def complete(self, token: str, config: dict[str, Any]) -> StoredAssets:
        """The assets that an upload's `metadata.assets` names, laid out on disk."""
        id = self._manifest(token)
        files = self._manifest_files(id)
        rules = {name: str(config[name]) for name in _RULES if config.get(name)}
        laid_out = hashlib.sha256(json.dumps([id, rules]).encode()).hexdigest() if rules else id
        missing = [path for path, hash in files.items() if not self._files.has_asset(hash)]
        if missing and not self._files.assets_directory(laid_out).is_dir():
            raise errors.invalid_manifest(f"{missing[0]} was announced and never uploaded")
        self._files.lay_out_assets(laid_out, files, rules)
        return StoredAssets(manifest=laid_out, config=config)

    def _manifest_files(self, id: str) -> dict[str, str]:
        document = self._cloud.store.get(_MANIFEST, id)
        if document is None:
            raise errors.manifest_not_found()
        files: dict[str, str] = document["files"]
        return files

    def _token(self, manifest: str) -> str:
        expires = int(self._cloud.clock().timestamp()) + _HOUR
        body = f"{_encode(_HEADER)}.{_encode({'manifest': manifest, 'exp': expires})}"
        return f"{body}.{_signature(body)}"

    def _manifest(self, token: str) -> str:
        """The manifest of a session's token. Raises ApiError where the token is none of ours, or has expired."""
        body, _, signature = token.rpartition(".")
        if not body or not hmac.compare_digest(signature, _signature(body)):
            raise errors.invalid_asset_session()
        claims = json.loads(base64.urlsafe_b64decode(body.partition(".")[2] + "=="))
        if claims["exp"] < self._cloud.clock().timestamp():
            raise errors.invalid_asset_session()
        return str(claims["manifest"])


def _checked(manifest: Any) -> dict[str, str]:
    """Hashes by path. Paths become file names here, so none may lead out of their directory."""
    if not isinstance(manifest, dict) or len(manifest) > _MOST_FILES:
        raise errors.invalid_manifest(f"must be an object of at most {_MOST_FILES} files")
    for path, entry in manifest.items():
        segments = path.split("/")
        if segments[0] or not all(segments[1:]) or {".", ".."} & set(segments) or "\0" in path:
            raise errors.invalid_manifest(f"{path!r} is not an absolute path")
        if not isinstance(entry, dict) or not _HASH.fullmatch(str(entry.get("hash"))):
            raise errors.invalid_manifest(f"{path} has no hash of 32 hexadecimal digits")
        if not isinstance(entry.get("size"), int) or not 0 <= entry["size"] <= _MOST_BYTES:
            raise errors.invalid_manifest(f"{path} has no size of at most {_MOST_BYTES} bytes")
    return {path: entry["hash"] for path, entry in manifest.items()}


def _encode(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _signature(body: str) -> str:
    digest = hmac.new(_KEY, body.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
