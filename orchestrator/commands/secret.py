"""`secret`: the Standard Webhooks secret of one autopilot, for one that runs elsewhere."""

from __future__ import annotations

import argparse
import os
import re

from orchestrator.conditions import CHANNEL_PATTERN
from orchestrator.dispatch.settings import read_webhook_secrets
from orchestrator.dispatch.signature import secrets_of
from orchestrator.errors import SettingsError, UserError
from orchestrator.manifest.fields import NAME_PATTERN, NAME_RULE
from orchestrator.terminal import Terminal


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Print the secret with which an autopilot verifies that a task comes from this orchestrator and is for it. "
        "It follows from the stack's webhookSecret and the autopilot's name, and verifies the tasks of no other one. "
        "While webhookSecret is being replaced there are two, with a space between them: accept either. Workers that "
        "autopilots.yaml declares have theirs already."
    )
    parser.epilog = """examples:
  python -m orchestrator secret helper
  python -m orchestrator secret alert:webhook
  python -m orchestrator secret helper | ssh helper.example.com 'cat > /etc/helper/webhook-secret'
"""
    parser.add_argument("name", metavar="NAME", help="of the autopilot, as it is registered; or `alert:` and a channel")


def _is_channel(name: str) -> bool:
    kind, _, channel = name.partition(":")
    return kind == "alert" and re.fullmatch(CHANNEL_PATTERN, channel) is not None


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    if not re.fullmatch(NAME_PATTERN, options.name) and not _is_channel(options.name):
        raise UserError(f"`{options.name}` is not an autopilot's name", f"it has {NAME_RULE}")
    roots = read_webhook_secrets(os.environ)
    try:
        terminal.write(secrets_of(" ".join(roots), [options.name]))
    except ValueError as error:
        raise SettingsError(
            f"the stack's webhookSecret is {error}",
            'echo "whsec_$(openssl rand -base64 32)" | pulumi config set --secret webhookSecret',
        ) from error
    return 0
