"""`restore`: a backup back into the account."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from orchestrator.cloudflare.rate_limit import HALF
from orchestrator.data import backup, quota
from orchestrator.data import store as stores
from orchestrator.data.progress import progress_line
from orchestrator.data.restore import WRITTEN, put_back
from orchestrator.data.store import find
from orchestrator.errors import CloudflareError
from orchestrator.stack.config import read_stack
from orchestrator.terminal import Terminal

_GOES_ON = "what has come back stays, and the same command with --merge continues: nothing is written twice"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Restore a backup into the namespace, bucket or database that it was taken from, or into another of the same "
        "kind. The target must exist (`pulumi up` creates what is declared) and be empty, unless --merge is given. The "
        "backup is checked first."
    )
    parser.epilog = """examples:
  python -m orchestrator restore backups/efh-private
  python -m orchestrator restore backups/efh-private --into efh-private-copy
  python -m orchestrator restore backups/efh-private --merge      after a restore that was interrupted
"""
    parser.add_argument("folder", metavar="DIR", help="a folder that `backup` wrote")
    parser.add_argument("--into", metavar="NAME", help="default: the name that it was taken from")
    stores.arguments(parser)
    parser.add_argument("--merge", action="store_true", help="add what is missing; what is there stays as it is")
    parser.add_argument("-s", "--stack", metavar="STACK", help="default: $PULUMI_STACK, or the selected stack")
    parser.add_argument("--json", action="store_true", help="{kind, name, written, notes}")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    folder = Path(options.folder)
    taken = backup.read(folder)
    stack = read_stack(options.stack, Path.cwd())
    with progress_line(terminal) as progress, stack.account(report=terminal.report, others=HALF) as account:
        store = find(account, options.into or taken.name, options.kind or taken.kind, options.jurisdiction)
        if warning := quota.warn(taken, folder, "paid" if stack.plan == "paid" else "free"):
            terminal.warn(warning)
        try:
            done = put_back(account, taken, store, folder, progress, merge=options.merge, now=int(time.time()))
        except KeyboardInterrupt:
            terminal.report(f"\ninterrupted: {_GOES_ON}")
            raise
        except CloudflareError as error:
            error.hint = "; ".join(filter(None, (error.hint, _GOES_ON)))
            raise
    if options.json:
        document = {"kind": store.kind, "name": store.name, "written": done.written, "notes": list(done.notes)}
        terminal.write(json.dumps(document, indent=2))
    else:
        terminal.write(f"{store.title}: {done.written:,} {WRITTEN[store.kind]} written")
    for note in done.notes:
        terminal.warn(note)
    return 0
