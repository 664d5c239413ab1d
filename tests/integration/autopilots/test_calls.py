"""What every autopilot does with a call before its own work begins: the same table of cases for all four."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import httpx
import pytest

from orchestrator.dispatch.signature import secret_of
from tests.support.autopilots import OLD_SECRET, SECRET, STORAGE, Autopilot, envelope, running, signature
from tests.support.project import ROOT

CAPABILITY = {
    "employee": "crm.lead.create",
    "stylist": "web.pages.generate",
    "page-deployer": "web.pages.deploy",
    "payout-batch": "payouts.batch.run",
}
STRIPE, MAIL = ["STRIPE_API_KEY"], ["MAIL_API_KEY", "MAIL_FROM"]
UNAVAILABLE = {
    "employee": {"payment.checkout.create": STRIPE, "email.send": MAIL},
    "payout-batch": {"payouts.batch.run": STRIPE, "payouts.transfer.single": STRIPE},
}
STACKS = "whsec_dGhlIHNlY3JldCBvZiB0aGUgd2hvbGUgc3RhY2s="
FORGED = "whsec_c29tZWJvZHkgZWxzZSdzIHdlYmhvb2sgc2VjcmV0"


@pytest.fixture(scope="module", params=list(STORAGE))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def autopilot(name: str) -> Iterator[Autopilot]:
    with running(name, bindings={"WEBHOOK_SECRET": f"{SECRET} {OLD_SECRET}", "STAGE": "prod"}) as running_autopilot:
        yield running_autopilot


def test_health_is_well_and_names_what_is_unavailable(name: str, autopilot: Autopilot) -> None:
    answer = autopilot.get("/health")

    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/health+json"
    assert answer.json()["status"] == "pass"
    assert answer.json()["version"] == version
    checks = answer.json()["checks"]
    assert all(value == [{"status": "pass"}] for of, value in checks.items() if ":" not in of), "of what is bound"
    assert all(each["status"] == "pass" for value in checks.values() for each in value)
    assert answer.json()["unavailable"] == UNAVAILABLE.get(name, {})


def test_a_task_for_another_autopilot_is_refused(autopilot: Autopilot, name: str) -> None:
    body = envelope(CAPABILITY[name], {}, autopilot="somebody-else")
    headers = {"content-type": "application/json"} | signature(body)

    answer = autopilot.http.post("/", content=body, headers=headers)

    assert (answer.status_code, answer.json()["title"]) == (421, "For another autopilot")
    assert answer.json()["outcome"] == "rejected"


@pytest.mark.parametrize("for_whom", ["this one", "its own"])
@pytest.mark.parametrize("signed_by", ["helper", "the stack"])
def test_who_holds_another_autopilots_secret_forges_nothing(
    autopilot: Autopilot, name: str, for_whom: str, signed_by: str
) -> None:
    """Somebody else's autopilot has what `python -m orchestrator secret helper` prints. Not even the stack's own secret
    opens an autopilot, whose secret is made of it."""
    roots = {"helper": secret_of(STACKS, "helper"), "the stack": STACKS}
    run = {"id": "run_1", "key": "k", "caller": "finance", "attempt": 1}
    body = envelope(CAPABILITY[name], {}, autopilot=name if for_whom == "this one" else "helper", run=run)
    headers = {"content-type": "application/json", "idempotency-key": "k"} | signature(body, secret=roots[signed_by])

    answer = autopilot.http.post("/", content=body, headers=headers)

    assert (answer.status_code, answer.json()["title"]) == (401, "Signature refused")


@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET], ids=["new", "old"])
def test_each_of_two_secrets_is_good_while_they_are_rotated(name: str, autopilot: Autopilot, secret: str) -> None:
    body = envelope(CAPABILITY[name], {}, autopilot=name)

    answer = autopilot.call(CAPABILITY[name], {}, headers=signature(body, secret=secret))

    assert answer.status_code != 401


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"webhook-signature": ""}, "Missing required headers"),
        ({"webhook-id": ""}, "Missing required headers"),
        ({"webhook-id": "msg_of_another_call"}, "No matching signature found"),
        ({"webhook-timestamp": "soon"}, "Invalid Signature Headers"),
        ({"webhook-signature": "v1"}, "No matching signature found"),
        ({"webhook-signature": "v2,c2lnbmF0dXJl"}, "No matching signature found"),
    ],
)
def test_a_call_whose_signature_headers_were_changed_is_refused(
    name: str, autopilot: Autopilot, change: dict[str, str], reason: str
) -> None:
    headers = signature(envelope(CAPABILITY[name], {}, autopilot=name)) | change

    answer = autopilot.call(CAPABILITY[name], {}, headers=headers)

    assert_refused(answer, reason)


@pytest.mark.parametrize(
    ("body", "options", "reason"),
    [
        ("the call", {"secret": FORGED}, "No matching signature found"),
        ("another body", {}, "No matching signature found"),
        ("the call", {"age": 301}, "Message timestamp too old"),
        ("the call", {"age": -310}, "Message timestamp too new"),
    ],
)
def test_a_forged_or_late_call_is_refused(
    name: str, autopilot: Autopilot, body: str, options: dict[str, object], reason: str
) -> None:
    signed = envelope(CAPABILITY[name], {}, autopilot=name) if body == "the call" else body

    answer = autopilot.call(CAPABILITY[name], {}, headers=signature(signed, **options))  # type: ignore[arg-type]

    assert_refused(answer, reason)


@pytest.mark.parametrize(
    ("method", "path", "content", "content_type", "status", "title"),
    [
        ("GET", "/", b"", None, 405, "Method not allowed"),
        ("POST", "/health", b"", None, 405, "Method not allowed"),
        ("GET", "/nothing", b"", None, 404, "Not found"),
        ("POST", "/", b"task=a", "application/x-www-form-urlencoded", 415, "Unsupported media type"),
        ("POST", "/", b"{}", "application/jsonp", 415, "Unsupported media type"),
        ("POST", "/", b'{"x": "' + b"x" * 1_100_000 + b'"}', "application/json", 413, "Content too large"),
        ("POST", "/", b"\xff", "application/json", 400, "Malformed body"),
    ],
)
def test_a_request_of_the_wrong_form_is_refused(
    autopilot: Autopilot, method: str, path: str, content: bytes, content_type: str | None, status: int, title: str
) -> None:
    headers = {"content-type": content_type} if content_type else {}

    answer = autopilot.http.request(method, path, content=content, headers=headers)

    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["title"]) == (status, title)
    assert ("allow" in answer.headers) is (status == 405)


def test_a_body_without_a_length_is_measured_as_it_comes(autopilot: Autopilot) -> None:
    chunks = iter([b"x" * 600_000, b"x" * 600_000])

    answer = autopilot.http.post("/", content=chunks, headers={"content-type": "application/json"})

    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("body", "status", "pointers"),
    [
        ("no JSON", 400, None),
        ("[]", 422, ["/task", "/capability", "/autopilot", "/caller"]),
        ('{"task": 1, "capability": ""}', 422, ["/task", "/capability", "/autopilot", "/caller"]),
    ],
)
def test_a_signed_body_that_is_no_task_is_refused(
    autopilot: Autopilot, body: str, status: int, pointers: list[str] | None
) -> None:
    headers = {"content-type": "application/json"} | signature(body)

    answer = autopilot.http.post("/", content=body, headers=headers)

    assert answer.status_code == status
    assert [error["pointer"] for error in answer.json().get("errors", [])] == (pointers or [])


@pytest.mark.parametrize("capability", ["web.something.else", "constructor", "__proto__"])
def test_an_unknown_capability_is_answered_with_the_known_ones(
    name: str, autopilot: Autopilot, capability: str
) -> None:
    answer = autopilot.call(capability, {})

    assert (answer.status_code, answer.json()["title"]) == (404, "Unknown capability")
    assert CAPABILITY[name] in answer.json()["known"]


def test_the_orchestrators_request_id_comes_back_in_a_problem(autopilot: Autopilot) -> None:
    given = autopilot.http.get("/nothing", headers={"x-request-id": "req-42"}).json()["requestId"]
    replaced = autopilot.http.get("/nothing", headers={"x-request-id": "not\tsane <b>"}).json()["requestId"]

    assert given == "req-42"
    assert len(replaced) == 36


@pytest.mark.parametrize("secret", [None, "", "not base64 at all!"])
def test_without_a_usable_secret_nothing_is_done(secret: str | None) -> None:
    with running("page-deployer", bindings={"WEBHOOK_SECRET": secret}) as autopilot:
        answer = autopilot.call("web.pages.deploy", {"slug": "a", "html": "<p>a"})
        published = autopilot.get("/p/a").status_code

    assert (answer.status_code, answer.json()["title"]) == (503, "Not configured")
    assert answer.json()["missing"] == ["WEBHOOK_SECRET"]
    assert secret is None or secret == "" or secret not in answer.text
    assert published != 200


def test_without_its_storage_a_worker_is_not_healthy_and_says_what_is_missing() -> None:
    with running("page-deployer", storage={"r2Buckets": []}) as autopilot:
        health = autopilot.get("/health")
        answer = autopilot.call("web.pages.deploy", {"slug": "a", "html": "<p>a"})

    assert (health.status_code, health.json()["status"]) == (503, "fail")
    assert (answer.status_code, answer.json()["missing"]) == (503, ["EFH_PAGES"])


def test_an_unexpected_error_is_answered_without_its_text() -> None:
    with running("page-deployer", storage={"r2Buckets": []}, bindings={"EFH_PAGES": "no bucket"}) as autopilot:
        answer = autopilot.call("web.pages.deploy", {"slug": "a", "html": "<p>a"})

    assert (answer.status_code, answer.json()["title"]) == (500, "The autopilot failed")
    assert answer.json()["requestId"]
    assert "not a function" not in answer.text


def assert_refused(answer: httpx.Response, reason: str) -> None:
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert "www-authenticate" in answer.headers
    assert answer.json()["detail"].startswith(reason)
