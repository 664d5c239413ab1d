"""The rules for endpoints, run from the list of cases that the routing Worker runs as well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.urls import MESSAGES, check_endpoint

CASES = json.loads((Path(__file__).parents[1] / "twins" / "urls.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_each_case_has_its_answer(case: dict[str, Any]) -> None:
    rules = {key: case[key] for key in ("own_hosts", "allowed_hosts", "allow_loopback_http") if key in case}

    refusal = check_endpoint(case["url"], **rules)

    assert (refusal.code if refusal else "ok") == case["expect"]


def test_every_reason_has_a_case() -> None:
    assert {case["expect"] for case in CASES} == {"ok", *MESSAGES}


def test_names_of_cases_are_unique() -> None:
    names = [case["name"] for case in CASES]

    assert len(names) == len(set(names))


@settings(max_examples=40, database=None, deadline=None)
@given(st.text(alphabet="htps:/.@#?[]%0x127local-aA\\\t ", max_size=40).map("https://".__add__))
def test_what_is_taken_is_read_by_pythons_parser_as_the_same_public_name(url: str) -> None:
    if check_endpoint(url) is None:
        parts = urlsplit(url)

        assert parts.geturl() == url
        assert parts.username is None
        assert parts.port in (None, 443)
        assert parts.hostname is not None
        assert not parts.hostname.rpartition(".")[2].isdigit()
