"""The plugin ends when Pulumi ends, also when Pulumi was killed.

Pulumi ends its plugins itself; after a SIGKILL nobody does. The parent's process id is watched for that: it works on
every system, while Linux's PR_SET_PDEATHSIG goes off as well when only the thread that started the plugin ends, which
the Go runtime of the parent is free to do.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

_INTERVAL = 0.5  # seconds


def on_orphaned(act: Callable[[], None]) -> None:
    """Call `act` in a thread of its own as soon as the parent process is gone."""
    parent = os.getppid()

    def watch() -> None:
        pause = threading.Event()
        while os.getppid() == parent:
            pause.wait(_INTERVAL)
        act()

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
