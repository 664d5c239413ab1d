"""The calls on zones, on their routes, and on the custom domains of Workers."""

from __future__ import annotations

from typing import Any

from local_cloudflare.api import errors as api_errors
from local_cloudflare.api.auth import ROUTES_READ, ROUTES_WRITE, WORKERS_READ, WORKERS_WRITE, ZONE_READ
from local_cloudflare.api.call import Call, Route
from local_cloudflare.api.envelope import Answer, page
from local_cloudflare.api.zones import errors
from local_cloudflare.api.zones.models import Domains, ZoneRoutes, Zones

_FILTERS = ("hostname", "service", "environment", "zone_id", "zone_name")


async def list_zones(call: Call) -> Answer:
    """A token sees the zones that it may read: without that permission none, and that is no error."""
    wanted = call.page(per_page=20, most=50, malformed=errors.malformed_parameter)
    zones = Zones(call.cloud).all() if call.token and call.token.may(ZONE_READ) else []
    if name := call.query.get("name"):
        zones = [each for each in zones if each["name"] == name]
    if account := call.query.get("account.id"):
        zones = [each for each in zones if each["account"]["id"] == account]
    return page(zones, wanted)


async def get_zone(call: Call) -> Answer:
    return Answer(result=Zones(call.cloud).get(call["zone_id"]))


def _routes(call: Call) -> ZoneRoutes:
    return ZoneRoutes(call.cloud, Zones(call.cloud).get(call["zone_id"]))


async def _read_wanted(call: Call) -> tuple[str, str | None]:
    body = await call.json_object()
    pattern, script = body.get("pattern"), body.get("script")
    if not isinstance(pattern, str) or not isinstance(script, str | None):
        raise api_errors.invalid_body()
    return pattern, script or None


async def list_routes(call: Call) -> Answer:
    return Answer(result=_routes(call).all())


async def get_route(call: Call) -> Answer:
    return Answer(result=_routes(call).get(call["route_id"]))


async def post_route(call: Call) -> Answer:
    return Answer(result=_routes(call).put(*await _read_wanted(call)))


async def put_route(call: Call) -> Answer:
    return Answer(result=_routes(call).put(*await _read_wanted(call), id=call["route_id"]))


async def delete_route(call: Call) -> Answer:
    _routes(call).delete(call["route_id"])
    return Answer(result={"id": call["route_id"]})


async def list_domains(call: Call) -> Answer:
    wanted = {key: value for key in _FILTERS if (value := call.query.get(key))}
    return Answer(result=[each for each in Domains(call.cloud).all() if wanted.items() <= each.items()])


async def put_domain(call: Call) -> Answer:
    body = await call.json_object()
    texts: dict[str, Any] = {key: body.get(key) for key in _FILTERS}
    required = texts["hostname"] and texts["service"]
    if not required or not all(isinstance(each, str | None) for each in texts.values()):
        raise api_errors.invalid_body()
    if texts["environment"] not in (None, "production"):
        raise errors.malformed_parameter("environment")
    zone = {"zone_id": texts["zone_id"], "zone_name": texts["zone_name"]}
    return Answer(result=Domains(call.cloud).put(texts["hostname"], texts["service"], **zone))


async def get_domain(call: Call) -> Answer:
    return Answer(result=Domains(call.cloud).get(call["domain_id"]))


async def delete_domain(call: Call) -> Answer:
    Domains(call.cloud).delete(call["domain_id"])
    return Answer(result=None)


_ZONE = "/zones/{zone_id}"
_ROUTES = f"{_ZONE}/workers/routes"
_ROUTE = f"{_ROUTES}/{{route_id}}"
_DOMAINS = "/accounts/{account_id}/workers/domains"
_DOMAIN = f"{_DOMAINS}/{{domain_id}}"

ROUTES = (
    Route(method="GET", path="/zones", handler=list_zones, permission=None),
    Route(method="GET", path=_ZONE, handler=get_zone, permission=ZONE_READ),
    Route(method="GET", path=_ROUTES, handler=list_routes, permission=ROUTES_READ),
    Route(method="POST", path=_ROUTES, handler=post_route, permission=ROUTES_WRITE),
    Route(method="GET", path=_ROUTE, handler=get_route, permission=ROUTES_READ),
    Route(method="PUT", path=_ROUTE, handler=put_route, permission=ROUTES_WRITE),
    Route(method="DELETE", path=_ROUTE, handler=delete_route, permission=ROUTES_WRITE),
    Route(method="GET", path=_DOMAINS, handler=list_domains, permission=WORKERS_READ),
    Route(method="PUT", path=_DOMAINS, handler=put_domain, permission=WORKERS_WRITE),
    Route(method="GET", path=_DOMAIN, handler=get_domain, permission=WORKERS_READ),
    Route(method="DELETE", path=_DOMAIN, handler=delete_domain, permission=WORKERS_WRITE),
)
