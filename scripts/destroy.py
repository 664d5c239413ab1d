"""`make destroy`: remove the stack `local` and everything of Cloudflare on this machine, data too.

The emulated account belongs to this checkout alone, so nothing is asked of it: it is stopped, then removed as a whole.
Installed tools stay.
"""

from __future__ import annotations

import shutil
import subprocess
import sys

from scripts.local_stack import CLOUDFLARE, LOCAL, ROOT, STACK, STATE


def main() -> int:
    command = [sys.executable, "-m", "local_cloudflare", "stop", "--dir", str(CLOUDFLARE)]
    if CLOUDFLARE.exists() and subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        return 1
    for folder in (STATE, CLOUDFLARE, LOCAL / "secrets"):
        shutil.rmtree(folder, ignore_errors=True)
    (ROOT / f"Pulumi.{STACK}.yaml").unlink(missing_ok=True)
    print("Removed: the stack `local`, its state and secrets, and the emulated account with all its data.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
