"""`make shell`: export lines for the local stack, so that `eval "$(make -s shell)"` and then everything just works."""

from __future__ import annotations

import shlex
import sys

from scripts.local_stack import CLOUDFLARE, environment


def main() -> int:
    if not (CLOUDFLARE / "settings.json").exists():
        print("There is no local stack yet: run `make up` first.", file=sys.stderr)
        return 2
    for name, value in environment().items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
