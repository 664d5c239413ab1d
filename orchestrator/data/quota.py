"""What a restore writes, held against what the plan lets an account write in a day.

Touches the folder of the backup that it is given.
"""

from __future__ import annotations

from pathlib import Path

from orchestrator.data.backup import Backup
from orchestrator.data.d1 import contents as d1
from orchestrator.limits.plans import D1_ROWS_WRITTEN, KV_WRITES, Plan


def warn(backup: Backup, folder: Path, plan: Plan) -> str:
    """What a person has to know before a restore, where it cannot be done in one day; "" where it can."""
    match backup.kind:
        case "kv":
            amount, what, limit = backup.items, "keys", KV_WRITES.of(plan)
        case "d1":
            amount, what, limit = (
                d1.rows_to_write(folder, backup.tables),
                "rows, their indexes counted",
                D1_ROWS_WRITTEN.of(plan),
            )
        case "r2":
            return ""
    if limit is None or amount <= limit:
        return ""
    days = -(-amount // limit)
    return (
        f"this writes {amount:,} {what}, and the {plan} plan takes {limit:,} a day: it will be refused when they are "
        f"used up, which what else is written today counts for. What has come back stays; after midnight UTC the same "
        f"with --merge continues, {days} days in all"
    )
