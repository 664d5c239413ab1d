"""The page of the local Cloudflare lists exactly the calls and controls that are there."""

from __future__ import annotations

import re

from local_cloudflare.api.app import ROUTES
from local_cloudflare.api.heal import METHODS
from local_cloudflare.api.heal import PATH as HEAL
from local_cloudflare.api.local.routes import ROUTES as CONTROLS
from local_cloudflare.api.s3.app import ROUTES as S3_ROUTES
from tests.support.project import ROOT

PAGE = (ROOT / "docs" / "local-cloudflare.md").read_text()


def test_every_call_is_listed_with_its_permission() -> None:
    listed = re.findall(r"^\| ([A-Z]+) \| `(/[^_][^`]*)` \| (.+) \|$", PAGE, re.M)
    assert listed == [
        (
            route.method,
            route.path.replace(":path", ""),
            route.permission or ("any valid token" if route.authenticated else "the upload session's own token"),
        )
        for route in ROUTES
    ]


def test_every_call_of_s3_is_listed() -> None:
    listed = re.findall(r"^\| (\w+) \| ([A-Z]+) \| (account|bucket|object) \| (.+) \|$", PAGE, re.M)
    assert listed == [
        (route.name, route.method, route.at, ", ".join(f"`{mark}`" for mark in route.marks) or "-")
        for route in S3_ROUTES
    ]


def test_every_control_is_listed() -> None:
    rows = re.findall(r"^\| ([A-Z, ]+) \| `(/_local[^`]*)` \|", PAGE, re.M)
    listed = {(method, path) for methods, path in rows for method in methods.split(", ")}
    heal = {(method, HEAL) for method in METHODS}
    assert listed == {(method, path) for method, path, _ in CONTROLS} | heal
