"""`schema`: the JSON Schema of the manifest, for editors."""

from __future__ import annotations

import argparse

from orchestrator.manifest.schema import schema_json
from orchestrator.terminal import Terminal


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Print the JSON Schema of autopilots.yaml, which gives editors completion and checks."
    parser.epilog = """example:
  python -m orchestrator schema > autopilots.schema.json
"""


def run(options: argparse.Namespace, terminal: Terminal) -> int:  # noqa: ARG001 - it has no options
    terminal.write(schema_json().rstrip("\n"))
    return 0
