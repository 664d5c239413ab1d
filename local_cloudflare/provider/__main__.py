"""`python -m local_cloudflare.provider [ENGINE]` is what Pulumi starts; `… install --pulumi-home DIR` has it found."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from pathlib import Path

from local_cloudflare.provider.lifetime import on_orphaned


def main(arguments: list[str]) -> None:
    """Install the launcher, or serve until Pulumi ends the process."""
    if arguments[:1] == ["install"]:
        _install(arguments[1:])
        return
    on_orphaned(lambda: os._exit(1))
    from local_cloudflare.provider.server import Server

    server = Server(next((each for each in arguments if not each.startswith("-")), ""))
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    server.wait()


def _install(arguments: list[str]) -> None:
    from local_cloudflare.provider.errors import ConfigurationError
    from local_cloudflare.provider.install import install

    parser = ArgumentParser(prog="python -m local_cloudflare.provider install")
    parser.add_argument("--pulumi-home", type=Path, required=True, help="the Pulumi home that gets the stand-in")
    try:
        sys.stdout.write(f"{install(parser.parse_args(arguments).pulumi_home)}\n")
    except ConfigurationError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
