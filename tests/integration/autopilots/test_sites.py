"""page-deployer's sites: many files, versions that never change, one that is shown, and what a browser asks of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.autopilots import Autopilot, running

HOME, ABOUT, STYLE = b"<h1>Home</h1>", b"<h1>About</h1>", b"h1{color:#123}"
FILES = {
    "index.html": HOME,
    "about.html": ABOUT,
    "blog/index.html": b"<h1>Blog</h1>",
    "css/style.css": STYLE,
    "Gr\u00fc\u00dfe \u4e16\u754c.txt": b"hello",
    "empty.txt": b"",
    "404.html": b"<h1>Not here</h1>",
}


@pytest.fixture(scope="module")
def deployer() -> Iterator[Autopilot]:
    with running("page-deployer", bindings={"PUBLIC_URL": "https://pages.example.com"}) as autopilot:
        yield autopilot


@pytest.fixture
def site(request: pytest.FixtureRequest) -> str:
    """A name of the test's own."""
    return f"s{abs(hash(request.node.nodeid))}"


def act(deployer: Autopilot, site: str, action: str, **meta: object) -> httpx.Response:
    return deployer.call("web.pages.deploy", {"action": action, "site": site, **meta})


def stage(deployer: Autopilot, site: str, files: Mapping[str, bytes], **meta: object) -> Any:
    named = {path: {"sha256": hashlib.sha256(each).hexdigest(), "size": len(each)} for path, each in files.items()}
    return act(deployer, site, "stage", files=named, **meta).json()


def send(deployer: Autopilot, upload: Mapping[str, Any], content: bytes) -> httpx.Response:
    return deployer.http.put(urlsplit(upload["url"]).path, content=content, headers=upload["headers"])


def deploy(deployer: Autopilot, site: str, files: Mapping[str, bytes] = FILES, **meta: object) -> Any:
    staged = stage(deployer, site, files, **meta)
    contents = {hashlib.sha256(each).hexdigest(): each for each in files.values()}
    for upload in staged["uploads"]:
        assert send(deployer, upload, contents[upload["sha256"]]).status_code == 204
    answer = act(deployer, site, "activate", version=staged["version"])
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_site_is_served_file_by_file(deployer: Autopilot, site: str) -> None:
    deployed = deploy(deployer, site)

    assert deployed["url"] == f"https://pages.example.com/s/{site}/"
    served = {
        "/": (200, HOME, "text/html; charset=utf-8"),
        "/index.html": (200, HOME, "text/html; charset=utf-8"),
        "/about": (200, ABOUT, "text/html; charset=utf-8"),
        "/blog/": (200, b"<h1>Blog</h1>", "text/html; charset=utf-8"),
        "/css/style.css": (200, STYLE, "text/css; charset=utf-8"),
        "/Gr%C3%BC%C3%9Fe%20%E4%B8%96%E7%95%8C.txt": (200, b"hello", "text/plain; charset=utf-8"),
        "/empty.txt": (200, b"", "text/plain; charset=utf-8"),
        "/nothing": (404, b"<h1>Not here</h1>", "text/html; charset=utf-8"),
        "/blog/nothing": (404, b"<h1>Not here</h1>", "text/html; charset=utf-8"),
    }
    for path, expected in served.items():
        answer = deployer.get(f"/s/{site}{path}")
        assert (answer.status_code, answer.content, answer.headers["content-type"]) == expected, path
    assert deployer.get(f"/s/{site}").headers["location"] == f"/s/{site}/"
    assert deployer.get(f"/s/{site}/blog?a=1").headers["location"] == f"/s/{site}/blog/?a=1"


def test_it_is_shown_only_when_it_is_whole(deployer: Autopilot, site: str) -> None:
    deploy(deployer, site, {"index.html": HOME})
    staged = stage(deployer, site, {"index.html": b"<h1>Second</h1>", "about.html": ABOUT})
    send(deployer, staged["uploads"][0], b"<h1>Second</h1>")

    refused = act(deployer, site, "activate", version=staged["version"])

    assert (refused.status_code, refused.json()["title"]) == (409, "Not whole")
    assert deployer.get(f"/s/{site}/").content == HOME
    assert deployer.get(f"/s/{site}/about").status_code == 404


def test_what_is_there_is_not_sent_again(deployer: Autopilot, site: str) -> None:
    first = deploy(deployer, site)

    assert stage(deployer, site, FILES)["uploads"] == []
    assert stage(deployer, site, dict(reversed(FILES.items())))["version"] == first["version"]
    changed = stage(deployer, site, FILES | {"index.html": b"<h1>New</h1>"})
    assert [upload["size"] for upload in changed["uploads"]] == [len(b"<h1>New</h1>")]


def test_a_content_is_what_its_hash_says_or_nothing(deployer: Autopilot, site: str) -> None:
    [upload] = stage(deployer, site, {"index.html": HOME})["uploads"]

    other = send(deployer, upload, b"<h1>Evil</h1>")
    longer = send(deployer, upload, HOME + b"x")
    unsigned = send(deployer, upload | {"headers": {}}, HOME)
    elsewhere = send(deployer, upload | {"url": upload["url"].replace(site, f"{site}x")}, HOME)

    assert [each.status_code for each in (other, longer, unsigned, elsewhere)] == [422, 422, 401, 401]
    assert stage(deployer, site, {"index.html": HOME})["missing"] == 1


def test_it_rolls_back_to_any_version_and_each_has_an_address(deployer: Autopilot, site: str) -> None:
    versions = [deploy(deployer, site, {"index.html": f"<p>{number}".encode()})["version"] for number in range(3)]

    back = act(deployer, site, "activate", version=versions[0]).json()

    assert back["generation"] == 4
    assert [entry["version"] for entry in back["history"]] == [versions[0], *reversed(versions)]
    assert deployer.get(f"/s/{site}/").text == "<p>0"
    for number, version in enumerate(versions):
        answer = deployer.get(f"/v/{site}/{version}/")
        assert (answer.text, "immutable" in answer.headers["cache-control"]) == (f"<p>{number}", True)
    assert act(deployer, site, "activate", version="0" * 64).status_code == 404


def test_of_two_activations_that_know_one_generation_one_is_told(deployer: Autopilot, site: str) -> None:
    generation = deploy(deployer, site, {"index.html": b"0"})["generation"]
    versions = [deploy(deployer, f"{site}", {"index.html": b"%d" % number})["version"] for number in (1, 2)]
    generation += 2
    with ThreadPoolExecutor() as pool:
        answers = list(
            pool.map(
                lambda version: act(deployer, site, "activate", version=version, generation=generation),
                [versions[0], stage(deployer, site, {"index.html": b"0"})["version"]],
            )
        )

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    refused = max(answers, key=lambda answer: answer.status_code).json()
    assert (refused["generation"], refused["outcome"]) == (generation + 1, "rejected")


def test_it_is_listed_described_and_taken_down_with_its_old_versions(deployer: Autopilot, site: str) -> None:
    versions = [deploy(deployer, site, {"index.html": each})["version"] for each in (b"1", b"2")]
    described = act(deployer, site, "get").json()
    one = act(deployer, site, "get", version=versions[0]).json()
    listed = deployer.call("web.pages.deploy", {"action": "list"}).json()

    down = act(deployer, site, "takeDown").json()
    hidden = [deployer.get(path).status_code for path in (f"/s/{site}/", f"/v/{site}/{versions[0]}/")]
    back = act(deployer, site, "activate", version=versions[0]).json()
    act(deployer, site, "takeDown", versions="delete")

    assert (described["active"], {each["version"] for each in described["versions"]}) == (versions[1], set(versions))
    assert list(one["files"]) == ["index.html"]
    assert site in listed["sites"]
    assert (down["active"], hidden) == (None, [404, 404])
    assert (back["active"], deployer.get(f"/s/{site}/").status_code) == (versions[0], 404)
    assert act(deployer, site, "get").json()["versions"] == []
    assert act(deployer, site, "activate", version=versions[0]).status_code == 404
    assert act(deployer, f"{site}-none", "takeDown").status_code == 404


def test_redirects_go_before_files(deployer: Autopilot, site: str) -> None:
    redirects = [
        {"from": "/old", "to": "/about", "status": 301},
        {"from": "/docs/*", "to": "https://docs.example.com/:splat"},
        {"from": "/index.html", "to": "/"},
    ]
    deploy(deployer, site, redirects=redirects)

    answers = {path: deployer.get(f"/s/{site}{path}") for path in ("/old?a=1", "/docs/a/b%20c", "/index.html")}

    assert {path: (each.status_code, each.headers["location"]) for path, each in answers.items()} == {
        "/old?a=1": (301, f"/s/{site}/about?a=1"),
        "/docs/a/b%20c": (302, "https://docs.example.com/a/b%20c"),
        "/index.html": (302, f"/s/{site}/"),
    }


@pytest.fixture(scope="module")
def path(deployer: Autopilot) -> str:
    """Of a file of a site."""
    deploy(deployer, "requests")
    return "/s/requests/css/style.css"


class TestRequests:
    def test_a_client_that_has_the_file_is_not_sent_it_again(self, deployer: Autopilot, path: str) -> None:
        etag = deployer.get(path).headers["etag"]

        assert etag == f'"{hashlib.sha256(STYLE).hexdigest()}"'
        answer = deployer.get(path, if_none_match=f"W/{etag}")
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
        missing = deployer.get("/s/requests/nothing", if_none_match="*")
        assert missing.status_code == 404, "304 only for what exists"

    @pytest.mark.parametrize(
        ("asked", "content", "range_"),
        [
            ("bytes=0-3", STYLE[:4], f"bytes 0-3/{len(STYLE)}"),
            ("bytes=4-", STYLE[4:], f"bytes 4-{len(STYLE) - 1}/{len(STYLE)}"),
            ("bytes=-3", STYLE[-3:], f"bytes {len(STYLE) - 3}-{len(STYLE) - 1}/{len(STYLE)}"),
            ("bytes=2-999", STYLE[2:], f"bytes 2-{len(STYLE) - 1}/{len(STYLE)}"),
        ],
    )
    def test_a_range_is_a_part(self, deployer: Autopilot, path: str, asked: str, content: bytes, range_: str) -> None:
        answer = deployer.get(path, range=asked, accept_encoding="identity")

        assert (answer.status_code, answer.content, answer.headers["content-range"]) == (206, content, range_)
        assert answer.headers["content-length"] == str(len(content))

    @pytest.mark.parametrize("asked", ["bytes=3-1", "lines=1-2", "bytes=0-1,3-4", "bytes=-"])
    def test_what_is_no_one_range_is_the_whole(self, deployer: Autopilot, path: str, asked: str) -> None:
        answer = deployer.get(path, range=asked)

        assert (answer.status_code, answer.content) == (200, STYLE)

    def test_a_range_outside_is_refused_and_if_range_guards_it(self, deployer: Autopilot, path: str) -> None:
        outside = deployer.get(path, range=f"bytes={len(STYLE)}-")
        guarded = deployer.get(path, range="bytes=0-1", if_range='"another"')

        assert (outside.status_code, outside.headers["content-range"]) == (416, f"bytes */{len(STYLE)}")
        assert (guarded.status_code, guarded.content) == (200, STYLE)

    def test_head_answers_as_get_without_the_file(self, deployer: Autopilot, path: str) -> None:
        answer, got = deployer.http.head(path), deployer.get(path, accept_encoding="identity")

        assert (answer.status_code, answer.content) == (200, b"")
        for name in ("content-length", "etag", "content-type"):
            assert answer.headers[name] == got.headers[name]

    def test_the_policy_is_strict_and_has_no_way_out(self, deployer: Autopilot, path: str) -> None:
        headers = deployer.get(path).headers

        policy = headers["content-security-policy"]
        assert "script-src" not in policy
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        for escape in ("allow-same-origin", "escape", "allow-top-navigation", "unsafe-eval"):
            assert escape not in policy
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "name",
    ["/index.html", "../up.html", "a//b", "a/../b", "a/", "", ".", "a\\b", "a?b", "a#b", "a\x00b", "x" * 501],
)
def test_a_path_leads_nowhere_else(deployer: Autopilot, name: str) -> None:
    answer = act(deployer, "paths", "stage", files={name: {"sha256": "0" * 64, "size": 1}})

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/meta/files"]


def test_a_page_is_taken_down_with_its_versions(deployer: Autopilot) -> None:
    versions = [
        deployer.call("web.pages.deploy", {"slug": "gone", "html": html}).json()["version"] for html in ("<p>1", "<p>2")
    ]

    down = deployer.call("web.pages.deploy", {"slug": "gone", "action": "takeDown"})

    assert (down.status_code, down.json()["deletedVersions"]) == (200, 2)
    assert [deployer.get(f"/p/gone{query}").status_code for query in ("", f"?version={versions[0]}")] == [404, 404]
    assert deployer.call("web.pages.deploy", {"slug": "gone", "action": "takeDown"}).status_code == 404
    assert len(versions[0]) == 64
