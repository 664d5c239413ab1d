"""`backup`: the contents of one namespace, bucket or database, into a folder."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.cloudflare.account import Account
from orchestrator.cloudflare.rate_limit import HALF
from orchestrator.data import backup
from orchestrator.data import store as stores
from orchestrator.data.progress import progress_line
from orchestrator.data.r2 import contents as r2
from orchestrator.data.store import Progress, Store, find
from orchestrator.stack.config import read_stack
from orchestrator.terminal import Terminal

_NAME_CHARACTERS = 80  # of a namespace's title, which may have more than a folder's name can


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Write what is in a KV namespace (NDJSON, with metadata and expiration), an R2 bucket (files, with an index) "
        "or a D1 database (SQLite) into a folder, and check every byte of it. Changes nothing in the account, "
        "and blocks no query: a database that is written to meanwhile is read again. Interrupted, the same command "
        "with the same DIR continues."
    )
    parser.epilog = """examples:
  python -m orchestrator backup AI_EMPLOYEE_LOGS -s prod
  python -m orchestrator backup efh-private backups/efh-private
  python -m orchestrator restore backups/efh-private --into efh-private-copy
"""
    parser.add_argument("name", metavar="NAME", help="the title or name in the account")
    parser.add_argument("folder", metavar="DIR", nargs="?", help="default: backups/NAME-<time>")
    stores.arguments(parser)
    parser.add_argument("-s", "--stack", metavar="STACK", help="default: $PULUMI_STACK, or the selected stack")
    parser.add_argument(
        "--json",
        action="store_true",
        help="{folder, kind, name, id, accountId, takenAt, items, bytes, sha256, tables, format}: as in backup.json; "
        "problems: objects that could not be read, or cannot come back as they were",
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    stack = read_stack(options.stack, Path.cwd())
    with progress_line(terminal) as progress, stack.account(report=terminal.report, others=HALF) as account:
        store = find(account, options.name, options.kind, options.jurisdiction)
        folder = Path(options.folder) if options.folder else default_folder(store)
        try:
            taken = take(account, store, folder, progress)
        except KeyboardInterrupt:
            terminal.report(f"\ninterrupted: nothing was changed; the same command with {folder} continues")
            raise
    problems = r2.problems(folder) if taken.kind == "r2" else []
    if options.json:
        document = {"folder": str(folder), **backup.to_object(taken), "problems": problems}
        terminal.write(json.dumps(document, indent=2))
    else:
        terminal.write(told(taken, folder, store))
    for problem in problems:
        terminal.warn(problem)
    return 1 if taken.kind == "r2" and not r2.is_all_read(folder) else 0


def default_folder(store: Store) -> Path:
    return Path("backups") / f"{store.name.replace('/', '_')[:_NAME_CHARACTERS]}-{datetime.now(UTC):%Y%m%d-%H%M%S}"


def take(account: Account, store: Store, folder: Path, progress: Progress) -> backup.Backup:
    """Back up now."""
    return backup.take(account, store, folder, progress, now=datetime.now(UTC).isoformat(timespec="seconds"))


def told(taken: backup.Backup, folder: Path, store: Store) -> str:
    """What was saved, for a person."""
    amount = f"{taken.items:,} {backup.UNITS[taken.kind]} in {taken.bytes:,} bytes"
    return f"{store.title}: {amount} saved and checked: {folder}"
