"""Holds what the autopilots take and answer against the catalogue: no entry refuses what its autopilot takes."""

from __future__ import annotations

from functools import cache

import httpx
from jsonschema import Draft202012Validator

from orchestrator.catalog import load_catalog
from tests.support.project import ROOT


@cache
def _validators() -> dict[str, tuple[Draft202012Validator, Draft202012Validator]]:
    catalog = load_catalog(ROOT).values()
    return {each.name: (Draft202012Validator(each.meta), Draft202012Validator(each.result)) for each in catalog}


def check_catalogued(capability: str, meta: object, answer: httpx.Response) -> None:
    """Of a call that was answered well. Texts longer than `maxLength` may be well: Python counts code points."""
    if not answer.is_success or capability not in _validators():
        return
    takes, answers = _validators()[capability]
    refused = [each.message for each in takes.iter_errors(meta) if each.validator != "maxLength"]
    assert not refused, f"{capability} takes what its entry in the catalogue refuses: {refused}"
    differs = [each.message for each in answers.iter_errors(answer.json())]
    assert not differs, f"{capability} answers what its entry in the catalogue has not: {differs}"
