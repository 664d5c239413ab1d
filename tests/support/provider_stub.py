"""The provider over gRPC, as Pulumi calls it, without Pulumi: each call in milliseconds, with plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2, provider_pb2_grpc

from local_cloudflare.provider.resources import RESOURCES
from local_cloudflare.provider.server import Server
from local_cloudflare.provider.values import Properties, from_struct, to_struct

_TYPES = {resource.rpartition(":")[2]: resource for resource in RESOURCES}


@dataclass(frozen=True)
class Found:
    """What a read found; `id` is empty when the resource is gone."""

    id: str
    outputs: Properties
    inputs: Properties


class Engine(engine_pb2_grpc.EngineServicer):
    """Pulumi's own service, which takes the provider's messages."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def Log(self, request: Any, _: grpc.ServicerContext) -> Any:
        self.messages.append(request.message)
        return empty_pb2.Empty()


class ProviderStub:
    """Types are named by their last part: `R2Bucket`."""

    def __init__(self, channel: grpc.Channel, engine: Engine) -> None:
        self.engine = engine
        self._stub = provider_pb2_grpc.ResourceProviderStub(channel)

    def configure(self, **variables: str) -> None:
        config = {f"cloudflare:config:{name}": value for name, value in variables.items()}
        self._stub.Configure(provider_pb2.ConfigureRequest(variables=config))

    def check(self, kind: str, inputs: Properties) -> dict[str, str]:
        """The reasons against `inputs`, by property."""
        answer = self._stub.Check(provider_pb2.CheckRequest(urn=_urn(kind), news=to_struct(inputs)))
        return {failure.property: failure.reason for failure in answer.failures}

    def diff(self, kind: str, inputs: Properties, state: Properties) -> dict[str, str]:
        """The kind of each change, by property path."""
        request = provider_pb2.DiffRequest(urn=_urn(kind), news=to_struct(inputs), olds=to_struct(state))
        answer = self._stub.Diff(request)
        assert (answer.changes == provider_pb2.DiffResponse.DIFF_SOME) == bool(answer.detailedDiff)
        return {path: provider_pb2.PropertyDiff.Kind.Name(change.kind) for path, change in answer.detailedDiff.items()}

    def create(self, kind: str, inputs: Properties, *, preview: bool = False) -> Properties:
        request = provider_pb2.CreateRequest(urn=_urn(kind), properties=to_struct(inputs), preview=preview)
        return _properties(self._stub.Create(request).properties)

    def update(self, kind: str, inputs: Properties, state: Properties) -> Properties:
        request = provider_pb2.UpdateRequest(urn=_urn(kind), news=to_struct(inputs), olds=to_struct(state))
        return _properties(self._stub.Update(request).properties)

    def read(self, kind: str, identifier: str, state: Mapping[str, Any], inputs: Mapping[str, Any]) -> Found:
        request = provider_pb2.ReadRequest(
            id=identifier, urn=_urn(kind), properties=to_struct(dict(state)), inputs=to_struct(dict(inputs))
        )
        answer = self._stub.Read(request)
        return Found(answer.id, _properties(answer.properties), _properties(answer.inputs))

    def delete(self, kind: str, state: Properties) -> None:
        self._stub.Delete(provider_pb2.DeleteRequest(urn=_urn(kind), properties=to_struct(state)))

    def cancel(self) -> None:
        self._stub.Cancel(empty_pb2.Empty())


def _urn(kind: str) -> str:
    return f"urn:pulumi:dev::test::{_TYPES.get(kind, kind)}::name"


def _properties(struct: struct_pb2.Struct) -> Properties:
    return {name: _plain(value) for name, value in from_struct(struct).items()}


def _plain(value: Any) -> Any:
    """A value without marks of secrets."""
    if isinstance(value, dict):
        opened = value["value"] if "4dabf18193072939515e22adb298388d" in value else value
        return {key: _plain(item) for key, item in opened.items()} if isinstance(opened, dict) else _plain(opened)
    return [_plain(item) for item in value] if isinstance(value, list) else value


@contextmanager
def provider_stub() -> Iterator[ProviderStub]:
    """A provider with an engine to report to, each behind a loopback port."""
    engine = Engine()
    engine_server = grpc.server(ThreadPoolExecutor(2))
    engine_pb2_grpc.add_EngineServicer_to_server(engine, engine_server)
    engine_port = engine_server.add_insecure_port("127.0.0.1:0")
    engine_server.start()
    server = Server(f"127.0.0.1:{engine_port}")
    try:
        with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            yield ProviderStub(channel, engine)
    finally:
        server.stop()
        engine_server.stop(None).wait()
