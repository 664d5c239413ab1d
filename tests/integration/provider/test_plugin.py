"""The stand-in as a plugin: where it is found, where it refuses to go, and that nothing of it is left behind."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import grpc
import pytest

from local_cloudflare.provider.install import install
from tests.support import processes
from tests.support.eventually import eventually
from tests.support.provider_records import replay
from tests.support.provider_stub import provider_stub
from tests.support.pulumi_project import PulumiProject

pytestmark = pytest.mark.stand_in

PLUGIN = "local_cloudflare.provider"

ONE_NAMESPACE = """
import pulumi_cloudflare as cloudflare
cloudflare.WorkersKvNamespace("registry", account_id="1", title="REGISTRY")
"""


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/client/v4", "http://127.8.9.1", "http://[::1]:1", "http://localhost"]
)
def test_addresses_of_this_machine_are_accepted(url: str) -> None:
    with provider_stub() as provider:
        provider.configure(baseUrl=url, apiToken="token")


@pytest.mark.parametrize(
    "url",
    [
        "https://api.cloudflare.com/client/v4",
        "http://127.0.0.1@example.com/",
        "http://127.0.0.1.example.com/",
        "http://localhost.example.com/",
        "http://10.0.0.1/",
        "http://[::ffff:10.0.0.1]/",
        "http://0.0.0.0/",
        "file:///etc/passwd",
        "127.0.0.1:8080",
        "http://[",
    ],
)
def test_any_other_address_is_refused(url: str) -> None:
    with provider_stub() as provider, pytest.raises(grpc.RpcError) as refused:
        provider.configure(baseUrl=url, apiToken="token")

    said = refused.value.details() or ""
    assert "this is the local stand-in" in said
    assert url in said
    assert "pulumi plugin install resource cloudflare" in said


def test_without_an_address_the_real_one_would_be_meant_and_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLOUDFLARE_BASE_URL", raising=False)

    with provider_stub() as provider, pytest.raises(grpc.RpcError, match=r"not to https://api\.cloudflare\.com"):
        provider.configure(apiToken="token")


def test_a_missing_token_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLOUDFLARE_API_TOKEN", raising=False)

    with provider_stub() as provider, pytest.raises(grpc.RpcError, match='must provide "api_token"'):
        provider.configure(baseUrl="http://127.0.0.1:1")


def test_pulumi_says_why_an_address_is_refused_and_shows_no_token(tmp_path: Path) -> None:
    project = PulumiProject(tmp_path, name="refused", program=ONE_NAMESPACE, base_url="http://192.0.2.1/client/v4")

    output = project.run("preview", exit_code=1, CLOUDFLARE_API_TOKEN="very-secret")

    assert "this is the local stand-in" in output
    assert "very-secret" not in output


def test_installing_twice_changes_nothing_and_a_moved_checkout_is_followed(tmp_path: Path) -> None:
    assert "installed the stand-in" in install(tmp_path)
    (launcher,) = tmp_path.glob("plugins/resource-cloudflare-v*/pulumi-resource-cloudflare")
    text = launcher.read_text()

    assert "is installed" in install(tmp_path)
    launcher.write_text(text.replace(sys.executable, "/moved/python"))
    install(tmp_path)

    assert launcher.read_text() == text
    assert os.access(launcher, os.X_OK)


def test_an_official_plugin_is_left_as_it_is(tmp_path: Path) -> None:
    install(tmp_path)
    (launcher,) = tmp_path.glob("plugins/resource-cloudflare-v*/pulumi-resource-cloudflare")
    launcher.write_bytes(b"\x7fELF official")

    assert "left as it is" in install(tmp_path)

    assert launcher.read_bytes() == b"\x7fELF official"


def test_nothing_is_left_when_pulumi_is_killed(tmp_path: Path) -> None:
    with replay.replay() as server:
        server.open.clear()
        project = PulumiProject(tmp_path, name="killed", program=ONE_NAMESPACE, base_url=server.base_url)
        with project.start("up", "--yes", "--skip-preview") as pulumi:

            def calling() -> list[processes.Process]:
                assert pulumi.poll() is None, pulumi.communicate()
                plugins = [each for each in processes.below(pulumi.pid) if PLUGIN in each.command]
                return plugins if server.called.is_set() else []

            try:
                (plugin,) = eventually(calling, lambda: processes.below(pulumi.pid), 240)
            finally:
                pulumi.kill()

        eventually(lambda: all(each.pid != plugin.pid for each in processes.running()), "the plugin ends")
