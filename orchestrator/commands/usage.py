"""`usage`: what the day has used of the free plan, as the deployed routing Worker knows it."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from typing import Any

from orchestrator.dispatch.settings import read_token, read_url
from orchestrator.limits.plans import METERED
from orchestrator.limits.use import NEAR
from orchestrator.router_client.usage import Usage
from orchestrator.terminal import Terminal

_COLUMNS = ("WHAT", "PER", "USED", "OF", "SHARE")
_LABELS = {limit.name: limit.label for limit in METERED} | {
    # Here they are of the whole account, there of what the file declares.
    "requests": "Requests of Workers",
    "kvWrites": "KV writes",
    "queueOperations": "Queue operations",
    "journalEntries": "Entries of the journal",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Show what is used of Cloudflare's free plan today (of R2: this month). With the stack's `analyticsToken` it "
        "is what Cloudflare says of the whole account, about, since its analytics are sampled and some minutes late; "
        "else the router's own counts, which know its tasks alone, with the reason. `limits` counts what "
        "autopilots.yaml declares. The token is read from $ORCHESTRATOR_TOKEN."
    )
    parser.epilog = """examples:
  python -m orchestrator usage
  python -m orchestrator usage --json | jq '.resources[] | select(.used > 0.8 * .limit)'
"""
    parser.add_argument("--url", metavar="URL", help="the deployed routing Worker; default: $ORCHESTRATOR_URL")
    parser.add_argument(
        "--json",
        action="store_true",
        help="{source: cloudflare|own, at, reason, resources: [{name, used, limit, per}]}",
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    with Usage(read_url(options.url, os.environ), read_token(os.environ)) as usage:
        document = usage.read()
    if options.json:
        terminal.write(json.dumps(document, indent=2, ensure_ascii=False))
        return 0
    is_own = document["source"] == "own"
    terminal.table(_COLUMNS, [_row(each, is_own=is_own) for each in document["resources"]])
    if is_own:
        terminal.report(f"counted by the router itself: {document['reason']}")
    else:
        terminal.report(f"about, as Cloudflare said at {document['at']}")
    for each in document["resources"]:
        if each["used"] >= NEAR * each["limit"]:
            terminal.warn(f"{_label(each)}: {each['used'] / each['limit']:.0%} is used")
    return 0


def _row(each: Mapping[str, Any], *, is_own: bool) -> list[str]:
    used, limit = each["used"], each["limit"]
    about = "" if is_own or each["name"] == "journalEntries" else "about "
    return [_label(each), each["per"], f"{about}{used:,}", f"{limit:,}", f"{used / limit:.1%}"]


def _label(each: Mapping[str, Any]) -> str:
    """Of one that this version does not know, the router's own name."""
    name: str = each["name"]
    return _LABELS.get(name, name)
