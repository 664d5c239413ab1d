"""What the admin page alone asks of the router: who one is, a sign-in code, a heal, the catalogue."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.support.router_fixtures import Client
from tests.support.workers import AUTHORIZED, TOKEN

NO_CODE = "0" * 64


def code_of(local: httpx.Client) -> str:
    return str(local.post("/autopilot/sign-in/codes", headers=AUTHORIZED).json()["code"])


def test_the_stacks_token_may_do_everything(client: Client) -> None:
    me = client("router").get("/autopilot/me", headers=AUTHORIZED).json()

    assert (me["caller"], me["tasks"], me["needsAnother"], me["stage"]) == ("default", None, False, "prod")
    assert sorted(me["may"]) == ["approve", "heal", "plan", "read", "register", "resolve"]
    assert me["freePlan"] == {"requestsADay": 100_000}


def test_a_sign_in_code_is_worth_the_token_once(client: Client) -> None:
    local = client("local")
    code = code_of(local)

    first, second = (local.post("/autopilot/sign-in", json={"code": code}) for _ in range(2))

    assert (first.status_code, first.json()) == (200, {"token": TOKEN})
    assert (second.status_code, second.json()["title"]) == (404, "No such sign-in code")


@pytest.mark.parametrize("code", [NO_CODE, NO_CODE.replace("0", "f")])
def test_another_code_is_worth_nothing(client: Client, code: str) -> None:
    assert client("local").post("/autopilot/sign-in", json={"code": code}).status_code == 404


def test_what_is_no_code_is_refused(client: Client) -> None:
    assert client("local").post("/autopilot/sign-in", json={"code": "1"}).status_code == 422


def test_only_a_caller_gets_a_code_and_only_on_the_stack_local(client: Client) -> None:
    assert client("local").post("/autopilot/sign-in/codes").status_code == 401
    assert client("router").post("/autopilot/sign-in/codes", headers=AUTHORIZED).status_code == 404
    assert client("router").post("/autopilot/sign-in", json={"code": NO_CODE}).status_code == 404


def test_a_heal_is_asked_for_where_one_is_configured(client: Callable[[str], httpx.Client]) -> None:
    asked = client("router").post("/autopilot/heal", headers=AUTHORIZED)

    assert (asked.status_code, asked.json()["status"]) == (200, "not-configured")


def test_the_catalogue_has_what_a_capability_takes(client: Client) -> None:
    entry = client("router").get("/autopilot/capabilities/crm.lead.create", headers=AUTHORIZED).json()
    unknown = client("router").get("/autopilot/capabilities/crm.lead.creat", headers=AUTHORIZED)

    assert (entry["version"], entry["meta"]["required"]) == ("1.0.0", ["email"])
    assert (unknown.status_code, unknown.json()["title"]) == (404, "Not in the catalogue")
    assert "crm.lead.create" in unknown.json()["known"]
