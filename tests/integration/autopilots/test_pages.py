"""page-deployer: a page goes into R2 and comes out at a public address, with versions and roll-back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.support.autopilots import Autopilot, running

FIRST = "<!doctype html><title>Grüße, 世界 🌍</title><script>document.title += '!'</script>"
SECOND = "<!doctype html><title>Second</title>"


@pytest.fixture(scope="module")
def deployer() -> Iterator[Autopilot]:
    with running("page-deployer") as autopilot:
        yield autopilot


def deploy(deployer: Autopilot, slug: str, html: str) -> httpx.Response:
    return deployer.call("web.pages.deploy", {"slug": slug, "html": html})


def test_a_deployed_page_is_served_byte_for_byte(deployer: Autopilot) -> None:
    deployed = deploy(deployer, "hello-world", FIRST).json()
    page = deployer.get(deployed["path"])

    assert deployed["path"] == "/p/hello-world"
    assert "url" not in deployed, "the Worker was not told its public address"
    assert page.content == FIRST.encode()
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["etag"] == deployed["etag"] == f'"{deployed["version"]}"'
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["cache-control"] == "no-cache"


def test_a_page_cannot_act_for_the_origin_that_it_shares_with_others(deployer: Autopilot) -> None:
    deploy(deployer, "sandboxed", FIRST)

    policy = deployer.get("/p/sandboxed").headers["content-security-policy"]

    assert policy.startswith("sandbox ")
    assert "allow-same-origin" not in policy


def test_with_a_public_address_the_answer_has_the_whole_url() -> None:
    with running("page-deployer", bindings={"PUBLIC_URL": "https://pages.example.com"}) as deployer:
        deployed = deploy(deployer, "hello", FIRST).json()

    assert deployed["url"] == "https://pages.example.com/p/hello"


def test_a_client_that_has_the_page_is_not_sent_it_again(deployer: Autopilot) -> None:
    etag = deploy(deployer, "cached", FIRST).json()["etag"]

    for known in (etag, f"W/{etag}", f'"another", {etag}', "*"):
        answer = deployer.get("/p/cached", if_none_match=known)
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert deployer.get("/p/cached", if_none_match='"another"').status_code == 200


def test_head_answers_as_get_without_the_page(deployer: Autopilot) -> None:
    deploy(deployer, "head", FIRST)

    answer = deployer.http.head("/p/head")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(FIRST.encode()))
    assert answer.headers["etag"] == deployer.get("/p/head").headers["etag"]


def test_deploying_the_same_page_again_makes_no_new_version(deployer: Autopilot) -> None:
    first = deploy(deployer, "twice", FIRST)
    again = deploy(deployer, "twice", FIRST)

    assert again.json() == first.json()
    assert len(again.json()["versions"]) == 1


def test_a_page_keeps_its_versions_and_rolls_back(deployer: Autopilot) -> None:
    first = deploy(deployer, "versions", FIRST).json()["version"]
    second = deploy(deployer, "versions", SECOND).json()["version"]
    shown_after_second = deployer.get("/p/versions").text

    rolled_back = deployer.call("web.pages.deploy", {"slug": "versions", "rollbackTo": first}).json()

    assert shown_after_second == SECOND
    assert rolled_back["version"] == first
    assert [version["version"] for version in rolled_back["versions"]] == [second, first]
    assert deployer.get("/p/versions").text == FIRST
    for version, html in ((first, FIRST), (second, SECOND)):
        answer = deployer.get(f"/p/versions?version={version}")
        assert answer.text == html
        assert "immutable" in answer.headers["cache-control"]


def test_rolling_back_to_what_never_was_is_refused(deployer: Autopilot) -> None:
    version = deploy(deployer, "no-way-back", FIRST).json()["version"]

    answer = deployer.call("web.pages.deploy", {"slug": "no-way-back", "rollbackTo": "0" * 16})

    assert (answer.status_code, answer.json()["title"]) == (404, "No such version")
    assert answer.json()["versions"] == [version]


def test_deployments_at_the_same_moment_leave_one_whole_history(deployer: Autopilot) -> None:
    pages = [f"<p>{number}" for number in range(6)]
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda html: deploy(deployer, "busy", html), pages))

    final = deploy(deployer, "busy", "<p>final").json()
    deployed = [answer.json()["version"] for answer in answers if answer.status_code == 200]

    assert deployed
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert sorted(version["version"] for version in final["versions"]) == sorted([*deployed, final["version"]])


@pytest.mark.parametrize(
    "slug",
    ["", "Hello", "two--hyphens", "-start", "end-", "a/b", "../up", "a.html", "ümlaut", "a" * 64, "a\n", None, 7],
)
def test_a_slug_is_strict(deployer: Autopilot, slug: object) -> None:
    answer = deployer.call("web.pages.deploy", {"slug": slug, "html": FIRST})

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/meta/slug"]


@pytest.mark.parametrize(
    ("meta", "pointers"),
    [
        ([], ["/meta"]),
        ({}, ["/meta/slug"]),
        ({"slug": "a"}, ["/meta"]),
        ({"slug": "a", "html": FIRST, "rollbackTo": "0" * 16}, ["/meta"]),
        ({"slug": "a", "html": "  ", "rollbackTo": "x"}, ["/meta/html", "/meta/rollbackTo"]),
        (
            {"slgu": "a", "html": 1, "a/b~c": 1},
            ["/meta/slgu", "/meta/a~1b~0c", "/meta/slug", "/meta/html"],
        ),
    ],
)
def test_all_mistakes_of_meta_are_named_at_once(deployer: Autopilot, meta: object, pointers: list[str]) -> None:
    answer = deployer.call("web.pages.deploy", meta)

    assert (answer.status_code, answer.json()["title"]) == (422, "Invalid meta")
    assert [error["pointer"] for error in answer.json()["errors"]] == pointers


@pytest.mark.parametrize(
    "path", ["/p/", "/p/never-deployed", "/p/hello-world/", "/p/..%2fpages", "/p/hello-world?version=x", "/pages/a"]
)
def test_what_is_not_there_is_not_found(deployer: Autopilot, path: str) -> None:
    deploy(deployer, "hello-world", FIRST)

    answer = deployer.get(path)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
