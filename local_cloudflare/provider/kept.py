"""What the bridge keeps of a resource in Pulumi's state, and how it reads that again. Pure."""

from __future__ import annotations

import json

from local_cloudflare.provider.errors import ProviderError, RawStateError
from local_cloudflare.provider.raw_state import DELTA, META, delta, recovered
from local_cloudflare.provider.resources.base import Resource
from local_cloudflare.provider.values import Properties

_SCHEMA_VERSION = 500  # of each of the resources that are known here


def with_kept(resource: Resource, outputs: Properties) -> Properties:
    """`outputs` with the version of their schema, and with how to get Terraform's state back from them."""
    shapes = {name: declared.shape for name, declared in resource.schema.items()}
    meta = json.dumps({"schema_version": str(_SCHEMA_VERSION)}, separators=(",", ":"))
    return {**outputs, META: meta, DELTA: delta(shapes, outputs)}


def read_state(resource: Resource, outputs: Properties) -> Properties:
    """What the state says of a resource, as the bridge gets it back. Raises ProviderError, in the bridge's words."""
    version = _version(outputs)
    if version > _SCHEMA_VERSION:
        raise ProviderError(
            f"The current state of {resource.pulumi_type} was created by a newer provider version  and cannot be "
            f"downgraded from resource schema version {version} to {_SCHEMA_VERSION}. Please upgrade the provider"
        )
    try:
        state = recovered(outputs)
    except RawStateError as error:
        raise RawStateError("[pf/tfbridge] Failed to recover raw state for Plugin Framework") from error
    if outputs and version < _SCHEMA_VERSION:
        state = resource.upgraded(state)
    return {name: value for name, value in state.items() if name in resource.schema}


def _version(outputs: Properties) -> int:
    try:
        return int(json.loads(outputs.get(META) or "{}").get("schema_version") or 0)
    except (ValueError, AttributeError) as error:
        raise ProviderError(f'expected "{META}" special property to be a JSON-marshalled string: {error}') from error
