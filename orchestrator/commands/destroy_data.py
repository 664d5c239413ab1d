"""`destroy-data`: the one way to delete data."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from orchestrator.cloudflare.account import Account
from orchestrator.cloudflare.rate_limit import HALF
from orchestrator.commands.backup import take, told
from orchestrator.data import store as stores
from orchestrator.data.backup import UNITS
from orchestrator.data.destroy import (
    Contents,
    destroy,
    measure,
    refuse_what_differs,
    refuse_what_is_used,
)
from orchestrator.data.progress import progress_line
from orchestrator.data.store import Progress, Store, find_or_queue
from orchestrator.errors import UserError
from orchestrator.named_store import StoredQueue
from orchestrator.stack.config import read_stack
from orchestrator.terminal import Terminal


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Delete a KV namespace, R2 bucket, D1 database or queue with everything in it. Nothing else in this project "
        "does: what leaves autopilots.yaml stays in the account. Refused while the file declares it or a Worker is "
        "bound to it. Without --yes-destroy it says what would go, deletes nothing, and exits 2; a queue in which no "
        "message waits is deleted without it."
    )
    parser.epilog = """examples:
  python -m orchestrator destroy-data OLD_LOGS                                  what would go?
  python -m orchestrator destroy-data OLD_LOGS --yes-destroy --backup backups/OLD_LOGS
  python -m orchestrator restore backups/OLD_LOGS --into NEW_LOGS
"""
    parser.add_argument("name", metavar="NAME", help="the title or name in the account")
    stores.arguments(parser, (*stores.KINDS, "queue"))
    parser.add_argument("--yes-destroy", action="store_true", help="delete it, for ever")
    parser.add_argument(
        "--backup", metavar="DIR", help="first back everything up there, and check that it can be restored; not a queue"
    )
    parser.add_argument("-s", "--stack", metavar="STACK", help="default: $PULUMI_STACK, or the selected stack")
    parser.add_argument(
        "--json",
        action="store_true",
        help="{kind, name, id, items, unit, bytes, destroyed, backup}; bytes is null for KV: Cloudflare does not tell",
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    stack = read_stack(options.stack, Path.cwd())
    desired = stack.desired()
    with progress_line(terminal) as progress, stack.account(report=terminal.report, others=HALF) as account:
        store = find_or_queue(account, options.name, options.kind, options.jurisdiction)
        if isinstance(store, StoredQueue) and options.backup:
            raise UserError(
                f"{store.title} cannot be backed up: whoever reads its messages takes them; nothing was deleted",
                "leave out --backup; to have its messages dealt with first, declare it again, and run "
                "`python -m orchestrator adopt`",
            )
        refuse_what_is_used(account, store, desired, stack.manifest.name, progress)
        contents = measure(account, store, progress)
        destroyed = options.yes_destroy or (isinstance(store, StoredQueue) and contents.items == 0)
        if destroyed:
            if isinstance(store, Store) and options.backup:
                _save(account, store, Path(options.backup), terminal, progress)
            destroy(account, store, progress)
    if options.json:
        terminal.write(json.dumps(_document(store, contents, options, destroyed), indent=2))
    if not destroyed:
        raise UserError(
            f"{store.title} holds {_amount(store, contents)}, which would be deleted for ever; nothing was deleted",
            "--yes-destroy deletes it" + ("" if isinstance(store, StoredQueue) else "; --backup DIR saves it first"),
        )
    if not options.json:
        terminal.write(f"{store.title}: deleted, with {_amount(store, contents)}")
    return 0


def _save(account: Account, store: Store, folder: Path, terminal: Terminal, progress: Progress) -> None:
    """Back it up, and raise where the backup is not what is there."""
    taken = take(account, store, folder, progress)
    progress("")
    terminal.report(told(taken, folder, store))
    refuse_what_differs(account, store, folder, progress)


def _unit(store: Store | StoredQueue) -> str:
    return "messages" if isinstance(store, StoredQueue) else UNITS[store.kind]


def _amount(store: Store | StoredQueue, contents: Contents) -> str:
    size = "" if contents.bytes is None else f" in {contents.bytes:,} bytes"
    return f"{contents.items:,} {_unit(store)}{size}"


def _document(
    store: Store | StoredQueue, contents: Contents, options: argparse.Namespace, destroyed: bool
) -> dict[str, object]:
    return {
        "kind": store.kind,
        "name": store.name,
        "id": store.id,
        "items": contents.items,
        "unit": _unit(store),
        "bytes": contents.bytes,
        "destroyed": destroyed,
        "backup": options.backup if destroyed else None,
    }
