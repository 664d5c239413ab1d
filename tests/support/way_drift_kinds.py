"""The kinds of drift of what leads to a Worker or starts it: custom domains, routes, versions, schedules."""

from __future__ import annotations

from tests.support.drift_kind import DriftKind
from tests.support.drift_stack import GREETER, HOST, KEEPER, KEEPER_CRON, ROUTER
from tests.support.outside import CODE, Outside


def _ways_in(outside: Outside) -> None:
    """A custom domain, and a route of a zone, both to a Worker that is only bound; and one to nothing of ours."""
    zone = outside.zone("example.com")
    outside.upload("theirs", CODE)
    for host, worker in (("keeper.example.com", KEEPER), ("theirs.example.com", "theirs")):
        outside.call("PUT", "/workers/domains", json={"hostname": host, "service": worker})
    for pattern, worker in (("example.com/keep/*", KEEPER), ("example.com/theirs/*", "theirs")):
        outside.call_zone("POST", f"/{zone}/workers/routes", json={"pattern": pattern, "script": worker})


def _attach_again(outside: Outside, worker: str) -> None:
    """The same host, and another id."""
    outside.call("DELETE", f"/workers/domains/{outside.domain(HOST)}")
    outside.call("PUT", "/workers/domains", json={"hostname": HOST, "service": worker})


def _deploy_gradually(outside: Outside) -> None:
    """What was deployed goes on for most, and another version with the same code and bindings is tried on the rest."""
    path = f"/workers/scripts/{KEEPER}/deployments"
    before = outside.call("GET", path)["deployments"][0]["versions"][0]["version_id"]
    outside.settings(KEEPER, placement={})
    after = outside.call("GET", path)["deployments"][0]["versions"][0]["version_id"]
    shares = [{"version_id": before, "percentage": 90}, {"version_id": after, "percentage": 10}]
    outside.call("POST", path, json={"strategy": "percentage", "versions": shares})


WAY_KINDS = (
    DriftKind(
        name="deployed gradually",
        does=_deploy_gradually,
        finds=(("undeclared", "worker", KEEPER, ("gradual deployment",)),),
    ),
    DriftKind(
        name="custom domain and route added",
        does=_ways_in,
        finds=(
            ("undeclared", "worker", "theirs", ()),
            ("undeclared", "customDomain", "keeper.example.com", ("service",)),
            ("undeclared", "worker", KEEPER, ("route example.com/keep/*",)),
        ),
        full=True,
    ),
    DriftKind(
        name="custom domain detached",
        does=lambda outside: outside.call("DELETE", f"/workers/domains/{outside.domain(HOST)}"),
        finds=(("missing", "customDomain", HOST, ()),),
    ),
    DriftKind(
        name="custom domain attached to another Worker",
        does=lambda outside: outside.call("PUT", "/workers/domains", json={"hostname": HOST, "service": KEEPER}),
        finds=(("changed", "customDomain", HOST, ("service",)),),
    ),
    DriftKind(
        name="custom domain detached and attached again",
        does=lambda outside: _attach_again(outside, GREETER),
        finds=(("changed", "customDomain", HOST, ("id",)),),
    ),
    DriftKind(
        name="custom domain detached and attached to another Worker",
        does=lambda outside: _attach_again(outside, KEEPER),
        finds=(("changed", "customDomain", HOST, ("id", "service")),),
    ),
    DriftKind(
        name="schedule cleared",
        does=lambda outside: outside.crons(ROUTER),
        finds=(("changed", "schedules", ROUTER, ("crons",)),),
    ),
    DriftKind(
        name="schedule changed",
        does=lambda outside: outside.crons(KEEPER, "0 7 * * *"),
        finds=(("changed", "schedules", KEEPER, ("crons", "crons")),),
    ),
    DriftKind(
        name="schedule added",
        does=lambda outside: outside.crons(KEEPER, KEEPER_CRON, "0 7 * * *"),
        finds=(("changed", "schedules", KEEPER, ("crons",)),),
    ),
    DriftKind(
        name="schedule added to a Worker that has no handler for it",
        does=lambda outside: outside.crons(GREETER, "0 7 * * *"),
        finds=(("changed", "schedules", GREETER, ("crons",)),),
        full=True,
    ),
    DriftKind(
        name="workers.dev switched off",
        does=lambda outside: outside.subdomain(GREETER, enabled=False),
        finds=(("changed", "subdomain", GREETER, ("enabled",)),),
    ),
    DriftKind(
        name="workers.dev switched on for a Worker that is only bound",
        does=lambda outside: outside.subdomain(KEEPER, enabled=True),
        finds=(("changed", "subdomain", KEEPER, ("enabled",)),),
    ),
    DriftKind(
        name="previews switched on",
        does=lambda outside: outside.subdomain(GREETER, enabled=True, previews_enabled=True),
        finds=(("changed", "subdomain", GREETER, ("previews_enabled",)),),
    ),
)
