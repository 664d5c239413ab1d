"""One local Cloudflare for all integration tests, empty at the beginning of each."""

from __future__ import annotations

from collections.abc import Iterator

import cloudflare
import pytest

from tests.support.drift_stack import DriftStack
from tests.support.local_cloudflare import LocalCloudflare


@pytest.fixture(scope="session")
def cloudflare_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloudflare]:
    """The process. Tests use `cloudflare_api`, which finds it empty."""
    server = LocalCloudflare(tmp_path_factory.mktemp("cloudflare"))
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def cloudflare_api(cloudflare_server: LocalCloudflare) -> LocalCloudflare:
    cloudflare_server.reset()
    return cloudflare_server


@pytest.fixture
def sdk(cloudflare_api: LocalCloudflare) -> Iterator[cloudflare.Cloudflare]:
    """The official client, written elsewhere; it raises for every answer that is no success."""
    with cloudflare.Cloudflare(api_token=cloudflare_api.token, base_url=cloudflare_api.url, max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def data_project(cloudflare_server: LocalCloudflare, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DriftStack]:
    """A stack's settings, for commands that run in this process; no update of it was made."""
    project = DriftStack(tmp_path_factory.mktemp("data"), cloudflare_server)
    with project.environment():
        yield project
