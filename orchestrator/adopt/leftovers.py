"""An update that may have to take over what an earlier try has left: a creation whose answer was lost.

Touches child processes (`pulumi`), the stack's state, and the account by the update.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from orchestrator.adopt.existing import is_harmless
from orchestrator.adopt.takeover import find_takeover, import_existing
from orchestrator.cloudflare.account import Account
from orchestrator.errors import OrchestratorError
from orchestrator.stack.config import Stack
from orchestrator.stack.edit import Report


def run_with_leftovers(stack: Stack, account: Account, run: Callable[[], str | None], report: Report) -> str | None:
    """`run` an update, which gives None or why it failed; once more where what it has left could be taken over."""
    failure = run()
    if failure:
        with suppress(OrchestratorError):  # the failure of the update is the one to tell
            if _take_leftovers(stack, account, report):
                return run()
    return failure


def _take_leftovers(stack: Stack, account: Account, report: Report) -> bool:
    """Import what a failed update has made without knowing: a creation whose answer was lost.

    Only what is harmless to take: data with nothing in it, and Workers with the stack's marks. Whether there was any:
    then it is worth trying the update again.
    """
    found = find_takeover(stack, account)
    leftovers = [each for each in found.existing if is_harmless(account, each)]
    for each in leftovers:
        how = "empty" if each.wanted.kind.stays else "uploaded by this stack"
        report(f"Already in the account and {how}, so taken over: {each.title}")
    import_existing(stack, found, leftovers)
    return bool(leftovers)
