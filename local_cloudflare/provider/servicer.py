"""The provider as Pulumi meets it: messages in, messages out; what they ask for is in `resources`, `schema` and `plan`.

Requests come in parallel, each in a thread. No secrets, resources or outputs are accepted: Pulumi then sends
plain values and marks the answers itself, which is how the official provider gets a list of bindings that is secret as
a whole.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import wraps
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc

from local_cloudflare.provider import plan
from local_cloudflare.provider.errors import ApiError, ProviderError, RawStateError
from local_cloudflare.provider.kept import read_state, with_kept
from local_cloudflare.provider.resources import RESOURCES
from local_cloudflare.provider.resources.base import Resource
from local_cloudflare.provider.schema import check
from local_cloudflare.provider.settings import Settings, settings
from local_cloudflare.provider.values import from_struct, to_struct

if TYPE_CHECKING:
    from local_cloudflare.provider.client import Client

VERSION = version("pulumi-cloudflare")
_NOT_FOUND = 404
_KINDS = {
    plan.Kind.ADD: (provider_pb2.PropertyDiff.ADD, provider_pb2.PropertyDiff.ADD_REPLACE),
    plan.Kind.DELETE: (provider_pb2.PropertyDiff.DELETE, provider_pb2.PropertyDiff.DELETE_REPLACE),
    plan.Kind.UPDATE: (provider_pb2.PropertyDiff.UPDATE, provider_pb2.PropertyDiff.UPDATE_REPLACE),
}
_Answer = TypeVar("_Answer")


def _reporting(
    handle: Callable[[Provider, Any, grpc.ServicerContext], _Answer],
) -> Callable[[Provider, Any, grpc.ServicerContext], _Answer]:
    """Give the message of a ProviderError to Pulumi as the reason why a call failed."""

    @wraps(handle)
    def handled(self: Provider, request: Any, context: grpc.ServicerContext) -> _Answer:
        try:
            return handle(self, request, context)
        except ProviderError as error:
            _abort(context, str(error))

    return handled


def _abort(context: grpc.ServicerContext, message: str) -> NoReturn:
    context.abort(grpc.StatusCode.UNKNOWN, message)
    raise AssertionError("abort() raises")


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """One provider, for one run of Pulumi. `engine` is the address of Pulumi's own service, for warnings."""

    def __init__(self, engine: str = "") -> None:
        self._engine = engine
        self._cancelled = threading.Event()
        self._settings: Settings | None = None
        self._connected: Client | None = None
        self._connecting = threading.Lock()

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._engine = request.engine_address
        return provider_pb2.ProviderHandshakeResponse()

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._engine = request.address
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetMapping(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.GetMappingResponse()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._cancelled.set()
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Another address or token is never a reason to replace what was made with the old one."""
        changed = from_struct(request.olds) != from_struct(request.news)
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        )

    @_reporting
    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._settings = settings(request.variables, os.environ, VERSION)
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    @_reporting
    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        resource, inputs = _resource(request.urn), from_struct(request.news)
        failures = check(resource.schema, inputs) or resource.validate(inputs)
        return provider_pb2.CheckResponse(
            inputs=to_struct(inputs, resource.secret_keys),
            failures=[provider_pb2.CheckFailure(property=each.property, reason=each.reason) for each in failures],
        )

    @_reporting
    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        resource = _resource(request.urn)
        changes = plan.changes(
            resource.schema,
            resource.desired(from_struct(request.news)),
            read_state(resource, from_struct(request.olds)),
        )
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if changes else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=sorted({change.property for change in changes}),
            replaces=sorted({change.property for change in changes if change.replace}),
            detailedDiff={
                change.path: provider_pb2.PropertyDiff(kind=_KINDS[change.kind][change.replace]) for change in changes
            },
            hasDetailedDiff=True,
        )

    @_reporting
    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        resource = _resource(request.urn)
        outputs = plan.planned(resource.schema, resource.desired(from_struct(request.properties)), None)
        if not request.preview:
            outputs = with_kept(resource, resource.create(self._client(), outputs))
        return provider_pb2.CreateResponse(
            id="" if request.preview else resource.pulumi_id(outputs),
            properties=to_struct(outputs, resource.secret_keys),
        )

    @_reporting
    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        resource, importing = _resource(request.urn), not request.properties.fields
        try:
            state = read_state(resource, from_struct(request.properties))
        except RawStateError as error:
            raise ProviderError(f"failed to get current raw state: {error}") from error
        try:
            outputs = resource.read(self._client(), resource.imported(request.id) if importing else state)
        except ApiError as error:
            if importing or error.status != _NOT_FOUND:
                raise
            self._warn(request.urn, "The resource was not found on the server and will be removed from state.")
            return provider_pb2.ReadResponse()
        inputs = (
            plan.imported_inputs(resource.schema, outputs)
            if importing
            else plan.refreshed_inputs(from_struct(request.inputs), outputs)
        )
        return provider_pb2.ReadResponse(
            id=resource.pulumi_id(outputs),
            properties=to_struct(with_kept(resource, outputs), resource.secret_keys),
            inputs=to_struct(inputs, resource.secret_keys),
        )

    @_reporting
    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        resource = _resource(request.urn)
        state = read_state(resource, from_struct(request.olds))
        outputs = plan.planned(resource.schema, resource.desired(from_struct(request.news)), state)
        if not request.preview:
            outputs = with_kept(resource, resource.update(self._client(), outputs, state))
        return provider_pb2.UpdateResponse(properties=to_struct(outputs, resource.secret_keys))

    @_reporting
    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        _resource(request.urn).delete(self._client(), from_struct(request.properties))
        return empty_pb2.Empty()

    def close(self) -> None:
        """Give back the connections."""
        if self._connected is not None:
            self._connected.close()

    def _client(self) -> Client:
        """Connect on the first call that needs it: most previews need none, and httpx takes a while to import."""
        from local_cloudflare.provider.client import Client

        if self._settings is None:
            raise ProviderError("the Cloudflare provider is not configured")
        with self._connecting:
            if self._connected is None:
                self._connected = Client(self._settings, self._cancelled)
            return self._connected

    def _warn(self, urn: str, message: str) -> None:
        with grpc.insecure_channel(self._engine) as channel:
            request = engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=f"{message} ({urn})", urn=urn)
            engine_pb2_grpc.EngineStub(channel).Log(request)


def _resource(urn: str) -> Resource:
    token = urn.split("::")[2].rpartition("$")[2]
    try:
        return RESOURCES[token]
    except KeyError:
        raise ProviderError(
            f"the local stand-in for the Cloudflare provider does not know {token}; it knows {', '.join(RESOURCES)}"
        ) from None
