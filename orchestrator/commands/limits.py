"""`limits`: what a manifest uses of Cloudflare's plan, and with --account what else is in the account."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import get_args

from orchestrator.bundle.modules import bundle_workers, module_sizes
from orchestrator.cloudflare.account import Account
from orchestrator.cloudflare.inventory import take_inventory
from orchestrator.desired.derive import Desired, derive
from orchestrator.errors import BundleError, SetupError
from orchestrator.limits import Inventory, ModuleSize, Plan, usage
from orchestrator.limits.report import COLUMNS, as_json, refusal, rows, warnings
from orchestrator.manifest import DEFAULT_FILE, load
from orchestrator.terminal import Terminal


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Print what a manifest uses of the limits of Cloudflare's plan. Exit code 0 when Cloudflare takes it, 2 when "
        "it is too much. With --account the limits per account count what else is there ($CLOUDFLARE_API_TOKEN, "
        "$CLOUDFLARE_ACCOUNT_ID, $CLOUDFLARE_BASE_URL)."
    )
    parser.epilog = """examples:
  python -m orchestrator limits
  python -m orchestrator limits --plan paid --account
  python -m orchestrator limits --json | jq '.limits[] | select(.state != "ok") | {name, used, limit}'
"""
    parser.add_argument("file", nargs="?", default=DEFAULT_FILE, metavar="FILE", help=f"default: {DEFAULT_FILE}")
    parser.add_argument("--plan", choices=get_args(Plan), default="free", help="of the account; default: free")
    parser.add_argument("--account", action="store_true", help="read the account, and count what nobody declared")
    parser.add_argument("--name-prefix", default="", metavar="PREFIX", help="as the stack's config `namePrefix`")
    parser.add_argument(
        "--json",
        action="store_true",
        help="{plan, account, limits: [{name, scope, used, limit, state, hard, parts, source}]}; state is ok, near, "
        "over or unknown, used is null when unknown, limit is null for any amount",
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    desired = derive(load(options.file), name_prefix=options.name_prefix)
    inventory = _inventory(desired) if options.account else None
    sizes, unmeasured = _sizes(desired)
    uses = usage(desired, plan=options.plan, module_sizes=sizes, account=inventory)
    error = refusal(uses, paid_command="--plan paid")
    if options.json:
        document = as_json(uses, plan=options.plan, account_read=options.account)
        terminal.write(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        terminal.table(COLUMNS, rows(uses), spare=("SHARE", "PER"))
        if not options.account:
            terminal.write("\naccount: not read, so only what is declared is counted; --account reads it")
    for text in [*unmeasured, *warnings(uses)]:
        terminal.warn(text)
    if error:
        raise error
    return 0


def _inventory(desired: Desired) -> Inventory:
    with Account.of_environment("export the account's id, or leave --account out") as account:
        return take_inventory(account, desired)


def _sizes(desired: Desired) -> tuple[dict[str, ModuleSize] | None, list[str]]:
    """The scripts' sizes; or None, and why they are not known. The modules are made as `pulumi preview` makes them."""
    try:
        modules = bundle_workers(desired, root=Path.cwd())
    except (SetupError, BundleError) as error:
        return None, [f"the scripts are not measured: {error.message}"]
    return module_sizes(modules, root=Path.cwd()), []
