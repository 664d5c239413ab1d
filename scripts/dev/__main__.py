"""`make dev`, `python -m orchestrator dev`: everything up, then each saved file is live.

A saved source is bundled, and its Worker or static assets are uploaded; a saved autopilots.yaml is shown as a preview
and applied by `pulumi up`, after a question or with `--yes`. Keys: o, p, d, r, q. What was started is stopped at the
end.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from types import FrameType

from local_cloudflare import service
from orchestrator.errors import OrchestratorError
from orchestrator.terminal import Terminal
from scripts.dev.keys import Keys
from scripts.dev.logs import LogReader
from scripts.dev.session import Session
from scripts.dev.watch import Watch
from scripts.local_stack import CLOUDFLARE, ROOT
from scripts.up import main as make_up

KEYS = "keys: o open the admin page, p plan a task, d drift, r reset, q quit"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m orchestrator dev", description=__doc__)
    parser.add_argument("--yes", action="store_true", help="apply a saved autopilots.yaml without a question")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    was_running = service.healthy(CLOUDFLARE) is not None
    try:
        watch = Watch(ROOT)  # before the update, so that what is saved meanwhile is seen after it
        return make_up() or follow(
            watch, Session(Terminal(sys.stdout, sys.stderr, os.environ), Keys(), yes=options.yes)
        )
    except KeyboardInterrupt:
        return 0
    finally:
        if not was_running:
            service.stop(CLOUDFLARE)


def follow(watch: Watch, session: Session) -> int:
    """Until somebody quits."""
    with session, LogReader(CLOUDFLARE, session.terminal), session.keys as keys:
        session.say(f"watching autopilots.yaml and the sources; {KEYS if keys.are_read else 'Ctrl-C ends it'}")
        while (key := keys.read(watch.seconds)) != "q":
            try:
                if changed := watch.changed():
                    session.take(changed)
                elif key:
                    session.press(key)
            except OrchestratorError as error:
                session.fail(str(error))
    return 0


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
