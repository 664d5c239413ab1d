"""A folder as a site."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from orchestrator.errors import UserError
from orchestrator.router_client.site_folder import inline_scripts, parse_redirects, read_site


def test_files_are_named_as_in_a_url_and_what_has_a_dot_in_front_is_left_out(tmp_path: Path) -> None:
    for name in ("index.html", "blog/a b.html", ".git/config", ".env", ".well-known/security.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "_redirects").write_text("/old /new 301\n")

    manifest = read_site(tmp_path).manifest()

    assert list(manifest["files"]) == ["index.html", ".well-known/security.txt", "blog/a b.html"]
    assert manifest["files"]["index.html"] == {"sha256": hashlib.sha256(b"index.html").hexdigest(), "size": 10}
    assert manifest["redirects"] == [{"from": "/old", "to": "/new", "status": 301}]


def test_what_is_no_site_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no folder"):
        read_site(tmp_path / "nothing")
    with pytest.raises(UserError, match="has 0 files"):
        read_site(tmp_path)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2")
    (tmp_path / "site").mkdir()
    (tmp_path / "site/index.html").symlink_to(tmp_path / "secret")

    with pytest.raises(UserError, match="is a link out of"):
        read_site(tmp_path / "site")


def test_pages_with_scripts_in_themselves_are_named(tmp_path: Path) -> None:
    pages = {
        "a.html": "<script>alert(1)</script>",
        "b.html": '<SCRIPT type="module">x</SCRIPT>',
        "c.html": '<script defer src="app.js"></script>',
        "d.html": '<script type="application/ld+json">{}</script>',
        "e.js": "'<script>'",
    }
    for name, text in pages.items():
        (tmp_path / name).write_text(text)

    assert inline_scripts(read_site(tmp_path)) == ["a.html", "b.html"]


def test_redirects_may_have_comments_and_no_status() -> None:
    assert parse_redirects("# old ones\n\n/a /b\n/c/* https://x.example/:splat 308 # moved\n", "_redirects") == [
        {"from": "/a", "to": "/b", "status": 302},
        {"from": "/c/*", "to": "https://x.example/:splat", "status": 308},
    ]


@pytest.mark.parametrize("line", ["/a", "/a /b 200", "/a /b 301 force"])
def test_what_is_no_redirect_is_named_with_its_line(line: str) -> None:
    with pytest.raises(UserError, match="_redirects:2: not a redirect"):
        parse_redirects(f"/a /b\n{line}\n", "_redirects")
