"""The admin page that is served, held against the one that the sources make."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from orchestrator.bundle.admin_page import HEADERS, Assets
from orchestrator.drift.findings import Difference
from orchestrator.drift.served_page import served_difference
from orchestrator.http_calls import failure_words

FILES = {"admin/index.html": "<p>page", "admin/preview.html": "<p>preview", "admin/assets/index-1.js": "go()"}
POLICIES = {
    f"/admin/{name}": next(
        line.partition(": ")[2]
        for line in HEADERS.partition(f"/admin/{name}\n")[2].splitlines()
        if "Content-Security-Policy" in line
    )
    for name in ("", "preview")
}
Serve = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def assets(tmp_path: Path) -> Assets:
    for name, text in FILES.items():
        path = tmp_path / "built" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Assets(directory="built", sha256="a" * 64)


def as_deployed(request: httpx.Request) -> httpx.Response:
    place = request.url.path
    name = {"/admin/": "admin/index.html", "/admin/preview": "admin/preview.html"}.get(place, place[1:])
    headers = {"content-security-policy": POLICIES[place]} if place in POLICIES else {}
    return httpx.Response(200, text=FILES[name], headers=headers)


def difference(assets: Assets, root: Path, serve: Serve) -> Difference | None:
    transport = httpx.MockTransport(serve)
    return served_difference("https://router.example.com", assets, root, transport=transport)


def test_what_was_deployed_does_not_differ(assets: Assets, tmp_path: Path) -> None:
    assert difference(assets, tmp_path, as_deployed) is None


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/admin/assets/index-1.js", httpx.Response(200, text="steal()")),
        ("/admin/assets/index-1.js", httpx.Response(404)),
        ("/admin/", httpx.Response(200, text=FILES["admin/index.html"])),
        (
            "/admin/preview",
            httpx.Response(200, text="<p>preview", headers={"content-security-policy": POLICIES["/admin/"]}),
        ),
    ],
    ids=["another file", "none", "without its policy", "with another policy"],
)
def test_what_was_replaced_differs_and_is_named(
    assets: Assets, tmp_path: Path, path: str, answer: httpx.Response
) -> None:
    found = difference(assets, tmp_path, lambda asked: answer if asked.url.path == path else as_deployed(asked))

    assert found is not None
    assert (found.path, found.desired) == ("assets", "sha256 aaaaaaaaaaaa")
    names = {"/admin/": "admin/index.html", "/admin/preview": "admin/preview.html"}
    assert names.get(path, path[1:]) in str(found.live)


def test_what_cannot_be_read_is_said(assets: Assets, tmp_path: Path) -> None:
    def unreachable(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no way", request=request)

    with pytest.raises(httpx.ConnectError):
        difference(assets, tmp_path, unreachable)


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(302, headers={"location": "https://team.cloudflareaccess.com/"}), httpx.Response(503)],
    ids=["Cloudflare Access", "not now"],
)
def test_where_something_else_answers_it_cannot_be_read(assets: Assets, tmp_path: Path, answer: httpx.Response) -> None:
    with pytest.raises(httpx.HTTPStatusError) as caught:
        difference(assets, tmp_path, lambda _request: answer)
    assert failure_words(caught.value) == f"the answer was HTTP {answer.status_code}"


def test_what_is_not_there_is_the_same_difference_each_time(assets: Assets, tmp_path: Path) -> None:
    found = [difference(assets, tmp_path, lambda _request: httpx.Response(404, text=text)) for text in "ab"]  # noqa: B023

    assert found[0] == found[1]
