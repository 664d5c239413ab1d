"""An upload as it comes: a multipart form with the part `metadata` (JSON) and one part for each module.

Two forms are in use. The provider and wrangler name a module's part like the module; the official SDK names every part
`files` and tells the module by its file name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from local_cloudflare.api.workers import errors
from local_cloudflare.runtime.models import ModuleType
from orchestrator.multipart import Part

_MIB = 1024 * 1024
SIZE_LIMIT = 64
"""MiB of all modules together, on every plan."""

_TYPES: dict[str, ModuleType] = {
    "application/javascript+module": "esm",
    "text/javascript+module": "esm",
    "application/javascript": "cjs",
    "text/javascript": "cjs",
    "application/wasm": "wasm",
    "application/octet-stream": "data",
    "application/json": "json",
    "text/plain": "text",
}
_OLDEST_DATE = "2021-11-02"  # what the real service takes where an upload names no compatibility date
_SOURCE_MAP = "application/source-map"


@dataclass(frozen=True, kw_only=True)
class UploadedModule:
    name: str
    type: ModuleType
    content_type: str
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Upload:
    """`modules` with the main one first; `source_maps` by the names of the modules that they are of."""

    metadata: dict[str, Any]
    main_module: str
    modules: tuple[UploadedModule, ...]
    source_maps: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        """SHA-256 of the content; of a single module just of its bytes, which a client can compare with its file."""
        if len(self.modules) == 1:
            return self.modules[0].sha256
        listing = [[module.name, module.content_type, module.sha256] for module in self.modules]
        return hashlib.sha256(json.dumps(listing).encode()).hexdigest()

    @property
    def compatibility_date(self) -> str:
        return str(self.metadata.get("compatibility_date") or _OLDEST_DATE)

    @property
    def compatibility_flags(self) -> tuple[str, ...]:
        return tuple(str(flag) for flag in self.metadata.get("compatibility_flags") or ())


def parse(parts: Sequence[Part]) -> Upload:
    """Raises ApiError 10006 or 10021 saying what is missing."""
    metadata = metadata_of(parts, "metadata")
    main = metadata.get("main_module")
    if not isinstance(main, str) or not main:
        if "body_part" in metadata:
            raise errors.invalid_script(
                "the local Cloudflare runs ES modules only: upload a `main_module`, not a `body_part` in service-worker"
                " syntax"
            )
        raise errors.unparsable_upload("the metadata has no `main_module`")
    modules = {module.name: module for module in map(_module, _module_parts(parts))}
    if main not in modules:
        raise errors.invalid_script(f'No such module "{main}": the upload has no part of that name')
    others = [modules[name] for name in sorted(modules) if name != main]
    maps = {
        (part.filename or part.name).removesuffix(".map"): part.content
        for part in parts
        if part.content_type == _SOURCE_MAP
    }
    return Upload(metadata=metadata, main_module=main, modules=(modules[main], *others), source_maps=maps)


def metadata_of(parts: Sequence[Part], name: str) -> dict[str, Any]:
    """The JSON object of the part of that name."""
    found = next((part.content for part in parts if part.name == name), None)
    if found is None:
        raise errors.unparsable_upload(f"the part `{name}` is missing")
    try:
        metadata = json.loads(found)
    except ValueError as error:
        raise errors.unparsable_upload(f"the part `{name}` is not JSON: {error}") from error
    if not isinstance(metadata, dict):
        raise errors.unparsable_upload(f"the part `{name}` must be an object")
    return metadata


def check_date(compatibility_date: str, today: date) -> None:
    """Raises ApiError 10021 where it is to come."""
    if compatibility_date > today.isoformat():
        raise errors.invalid_script(f"Can't set compatibility date in the future: {compatibility_date}")


def check_size(modules: Sequence[UploadedModule]) -> None:
    if sum(len(module.content) for module in modules) > SIZE_LIMIT * _MIB:
        raise errors.script_too_large(SIZE_LIMIT)


def _module_parts(parts: Sequence[Part]) -> list[Part]:
    return [part for part in parts if part.name not in ("metadata", "settings") and part.content_type != _SOURCE_MAP]


def _module(part: Part) -> UploadedModule:
    name = part.filename if part.name in ("files", "files[]") or not part.name else part.name
    kind = part.content_type.partition(";")[0].strip().lower()
    if kind not in _TYPES:
        raise errors.invalid_script(f"module {name} has the content type {part.content_type!r}, which no module has")
    return UploadedModule(name=name, type=_TYPES[kind], content_type=kind, content=part.content)
