"""Zones, their routes and the custom domains of Workers over the REST API: the official SDK as client."""

from __future__ import annotations

from typing import Any

import cloudflare
import pytest
from cloudflare import Cloudflare

from tests.support.local_cloudflare import LocalCloudflare
from tests.support.worker_upload import upload

GREETER = "export default { fetch: () => new Response('hello') }"


@pytest.fixture
def account(cloudflare_api: LocalCloudflare, sdk: Cloudflare) -> str:
    cloudflare_api.local("PATCH", "/account", {"zones": ["example.com", "shop.example.com"]})
    for name in ("greeter", "other"):
        upload(sdk, cloudflare_api.account_id, name, GREETER)
    return cloudflare_api.account_id


def test_the_zones_are_listed_to_who_may_read_them(cloudflare_api: LocalCloudflare, account: str) -> None:
    def names(token: str) -> list[str]:
        listed = cloudflare_api.call_zone("GET", "", token=token, params={"account.id": account}).json()
        return [zone["name"] for zone in listed["result"]]

    wanted = {"name": "t", "permissions": ["Workers Scripts Read"]}
    blind = cloudflare_api.local("POST", "/tokens", wanted)["value"]
    seeing = cloudflare_api.local("POST", "/tokens", {**wanted, "permissions": ["Zone Read"]})["value"]

    assert names(blind) == []
    assert names(seeing) == ["example.com", "shop.example.com"]


def test_a_custom_domain_is_attached_moved_listed_and_detached(sdk: Cloudflare, account: str) -> None:
    domains = sdk.workers.domains
    added = domains.update(account_id=account, hostname="a.shop.example.com", service="greeter")
    moved = domains.update(account_id=account, hostname="a.shop.example.com", service="other")
    assert added
    assert moved
    assert (added.service, added.zone_name, added.environment) == ("greeter", "shop.example.com", "production")
    assert (moved.id, moved.cert_id, moved.service) == (added.id, added.cert_id, "other")
    found = domains.get(added.id, account_id=account)
    assert found
    assert found.to_dict() == domains.list(account_id=account, service="other").result[0].to_dict()
    assert domains.list(account_id=account, service="greeter").result == []

    domains.delete(added.id, account_id=account)

    with pytest.raises(cloudflare.NotFoundError):
        domains.get(added.id, account_id=account)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"hostname": "a.example.org", "service": "greeter"}, 10083),
        ({"hostname": "a.example.com", "service": "nobody"}, 10007),
        ({"hostname": "a.example.com", "service": "greeter", "zone_name": "shop.example.com"}, 10083),
        ({"hostname": "a_b.example.com", "service": "greeter"}, 10004),
        ({"hostname": "a.example.com"}, 10026),
    ],
)
def test_what_leads_nowhere_is_not_attached(
    cloudflare_api: LocalCloudflare, account: str, fields: dict[str, str], code: int
) -> None:
    answer = cloudflare_api.call("PUT", "/workers/domains", json=fields)

    assert not answer.is_success
    assert answer.json()["errors"][0]["code"] == code


def test_a_custom_domain_goes_with_its_worker(sdk: Cloudflare, account: str) -> None:
    sdk.workers.domains.update(account_id=account, hostname="example.com", service="greeter")
    sdk.workers.scripts.delete("greeter", account_id=account)

    assert sdk.workers.domains.list(account_id=account).result == []


def test_a_route_is_made_changed_listed_and_deleted(
    cloudflare_api: LocalCloudflare, sdk: Cloudflare, account: str
) -> None:
    zone = cloudflare_api.call_zone("GET", "", params={"name": "example.com"}).json()["result"][0]["id"]
    routes = sdk.workers.routes
    made = routes.create(zone_id=zone, pattern="*.example.com/x*", script="greeter")
    assert made
    off = routes.update(made.id, zone_id=zone, pattern="example.com/y")
    assert off
    assert (off.id, off.script) == (made.id, None)
    assert [(each.pattern, each.script) for each in routes.list(zone_id=zone)] == [("example.com/y", None)]
    with pytest.raises(cloudflare.ConflictError):
        routes.create(zone_id=zone, pattern="example.com/y", script="greeter")
    for pattern, script in (("example.net/*", "greeter"), ("badexample.com/*", "greeter"), ("example.com/z", "nobody")):
        with pytest.raises(cloudflare.BadRequestError):
            routes.create(zone_id=zone, pattern=pattern, script=script)

    routes.delete(made.id, zone_id=zone)

    assert list(routes.list(zone_id=zone)) == []


def test_a_gradual_deployment_has_two_versions_whose_shares_add_up(
    cloudflare_api: LocalCloudflare, sdk: Cloudflare, account: str
) -> None:
    upload(sdk, account, "greeter", GREETER.replace("hello", "hi"))
    path = "/workers/scripts/greeter/deployments"

    def deployed() -> list[list[dict[str, Any]]]:
        listed = cloudflare_api.call("GET", path).json()["result"]["deployments"]
        return [each["versions"] for each in listed]

    second, first = (versions[0]["version_id"] for versions in deployed())

    def deploy(*shares: float) -> None:
        versions = [{"version_id": id, "percentage": share} for id, share in zip((second, first), shares, strict=False)]
        body: Any = {"strategy": "percentage", "versions": versions}
        sdk.workers.scripts.deployments.create("greeter", account_id=account, **body)

    deploy(12.5, 87.5)

    assert deployed()[0] == [
        {"version_id": second, "percentage": 12.5},
        {"version_id": first, "percentage": 87.5},
    ]
    for shares in ((50, 40), (100, 0), (120, -20)):
        with pytest.raises(cloudflare.BadRequestError):
            deploy(*shares)
