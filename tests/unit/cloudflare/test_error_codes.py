"""Cloudflare's error codes, and what is to be done about each."""

from __future__ import annotations

from orchestrator.cloudflare.error_codes import R2_IS_OFF, SUBDOMAIN_NOT_CHOSEN, ErrorCode, hint_of


def test_a_code_of_the_api_has_its_hint() -> None:
    assert hint_of(10136) == ErrorCode.R2_NOT_ENABLED.hint != ""
    assert hint_of(10063) == ErrorCode.NO_SUBDOMAIN.hint
    assert hint_of(424242) == ""


def test_groups_of_codes_hold_plain_numbers() -> None:
    assert 10042 in R2_IS_OFF
    assert 10007 in SUBDOMAIN_NOT_CHOSEN
