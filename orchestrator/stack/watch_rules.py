"""What the settings that let the routing Worker watch over its account must say; none of them has to be set.

Tokens to diagnose and to read the day's use with, where a heal is asked for, where alerts go, how long the journal is
kept. Applied by the Pulumi program and by `doctor`. A problem has none of the values in it, since they are secrets.

Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from orchestrator.names import LOCAL
from orchestrator.stack.rules import SettingProblem
from orchestrator.urls import check_endpoint

TOKEN_KEYS = ("diagnoseToken", "analyticsToken")
WATCH_KEYS = (*TOKEN_KEYS, "heal", "alertUrl", "journalDays")
_SET = {
    "diagnoseToken": "pulumi config set --secret diagnoseToken",
    "analyticsToken": "pulumi config set --secret analyticsToken",
    "heal": (
        "pulumi config set --secret heal "
        """'{"repository": "<owner>/<name>", "workflow": "heal.yml", "ref": "main", "token": "<GitHub token>"}'"""
    ),
    "alertUrl": "pulumi config set --secret alertUrl https://…",
    "journalDays": "pulumi config set journalDays 30",
}
_WORKFLOW = {"repository": r"[\w.-]+/[\w.-]+", "workflow": r"[\w.-]+\.ya?ml|\d+", "ref": r"[\w./-]+", "token": r"\S+"}
_MOST_DAYS = 365


def watch_problems(values: Mapping[str, str], *, stack: str) -> list[SettingProblem]:
    """A problem for each of WATCH_KEYS in `values` that is wrong; one that is empty is not one that is not set."""
    found: dict[str, str | None] = {key: "is empty" for key in WATCH_KEYS if values.get(key) == ""}
    for key in TOKEN_KEYS:
        if token := values.get(key):
            is_token = re.fullmatch(r"\S+", token)
            found[key] = None if is_token else "is no Cloudflare API token: it has a space in it"
    if heal := values.get("heal"):
        found["heal"] = _wrong_with_heal(parse_heal(heal), stack)
    if url := values.get("alertUrl"):
        why = _wrong_with_url(url, stack)
        found["alertUrl"] = why and f"cannot be called: {why}"
    if days := values.get("journalDays"):
        is_right = re.fullmatch(r"\d+", days) and 1 <= int(days) <= _MOST_DAYS
        found["journalDays"] = None if is_right else f"must be a whole number of days from 1 to {_MOST_DAYS}"
    return [SettingProblem(f"{key} {why}", f"{_SET[key]} -s {stack}") for key, why in found.items() if why]


def parse_heal(text: str) -> Any:
    """Where a heal is asked for: a workflow of GitHub's, on `main` if it does not say, or a webhook's `url`.

    None, or anything else than an object of texts, where the setting says no such thing.
    """
    try:
        heal = json.loads(text)
    except ValueError:
        return None
    return {"ref": "main", **heal} if isinstance(heal, dict) and "url" not in heal else heal


def _wrong_with_heal(heal: Any, stack: str) -> str | None:
    """A workflow, or the `url` of a webhook, whose `statusUrl` (how heals end) and `token` may be left out."""
    if not isinstance(heal, dict) or not all(isinstance(value, str) for value in heal.values()):
        return "must be an object of texts"
    if "url" in heal:
        if unknown := sorted(heal.keys() - {"url", "statusUrl", "token"}):
            return f"is a webhook (`url`), which takes a `statusUrl`, a `token` and no {', '.join(unknown)}"
        for name in ("url", "statusUrl"):
            if name in heal and (why := _wrong_with_url(heal[name], stack)):
                return f"has a `{name}` that cannot be called: {why}"
        return None
    if unknown := sorted(heal.keys() - _WORKFLOW.keys()):
        known = f"it is a workflow ({', '.join(_WORKFLOW)}) or a webhook (url, statusUrl, token)"
        return f"has no {', '.join(unknown)}: {known}"
    broken = [key for key, pattern in _WORKFLOW.items() if not re.fullmatch(pattern, heal.get(key, ""))]
    return f"has no valid {', '.join(broken)}" if broken else None


def _wrong_with_url(url: str, stack: str) -> str | None:
    refusal = check_endpoint(url, allow_loopback_http=stack == LOCAL)
    return refusal.message if refusal else None
