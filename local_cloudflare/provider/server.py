"""Serves the provider over gRPC on a free loopback port, in threads: Pulumi works on many resources at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from local_cloudflare.provider.servicer import Provider

_THREADS = 64


class Server:
    """A provider that is served at `port`. `engine`: see Provider."""

    def __init__(self, engine: str) -> None:
        unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        self._provider = Provider(engine)
        self._server = grpc.server(ThreadPoolExecutor(_THREADS), options=unlimited)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(self._provider, self._server)
        self.port: int = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def wait(self) -> None:
        """Until `stop`, which in Pulumi's plugins never comes: their process is ended."""
        self._server.wait_for_termination()

    def stop(self) -> None:
        self._server.stop(None).wait()
        self._provider.close()
