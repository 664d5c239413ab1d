"""`make destroy`: remove the stack `local` and everything of Cloudflare on this machine, data too.

The emulated account belongs to this checkout alone, so nothing is asked of it: it is stopped, then removed as a whole.
Installed tools stay, and so does the state of any other stack that somebody made in this place, with the passphrase
that opens it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys

from scripts.local_stack import CLOUDFLARE, CONFIG, LOCAL, ROOT, STACK, STATE


def main() -> int:
    command = [sys.executable, "-m", "local_cloudflare", "stop", "--dir", str(CLOUDFLARE)]
    if CLOUDFLARE.exists() and subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        return 1
    others = other_stacks()
    shutil.rmtree(CLOUDFLARE, ignore_errors=True)
    if others:
        remove_state()
    else:
        for folder in (STATE, LOCAL / "secrets"):
            shutil.rmtree(folder, ignore_errors=True)
    CONFIG.unlink(missing_ok=True)
    print("Removed: the stack `local`, its state and secrets, and the emulated account with all its data.")
    for name in others:
        print(
            f"Kept: the state of the stack {name} in {STATE}, which is not `make destroy`'s. To move it: docs/state.md"
        )
    return 0


def other_stacks() -> list[str]:
    """The stacks beside `local` whose state is in the same place, in whatever project."""
    found = {path.name.split(".json")[0] for path in STATE.glob(".pulumi/stacks/**/*.json*")}
    return sorted(found - {STACK})


def remove_state() -> None:
    """Remove what Pulumi keeps of `local`: its state, the backups of it, its history and locks."""
    for path in STATE.glob(f".pulumi/*/**/{STACK}"):
        shutil.rmtree(path)
    for path in STATE.glob(f".pulumi/**/{STACK}.json*"):
        path.unlink()


if __name__ == "__main__":
    sys.exit(main())
