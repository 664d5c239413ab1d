"""`import`: a draft of an autopilot from an agent card or an OpenAPI document of others."""

from __future__ import annotations

import argparse
from pathlib import Path

import httpx

from orchestrator.catalog.drafts import Draft, draft_of_agent_card, draft_of_openapi, parse_document, text_of
from orchestrator.dispatch.pinned_transport import PinnedTransport
from orchestrator.errors import OrchestratorError, UserError
from orchestrator.http_calls import failure_words
from orchestrator.terminal import Terminal

_MOST_BYTES = 4 * 1024 * 1024
_TIMEOUT_S = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Print a draft of an autopilot, its tasks and its catalogue entries, from what somebody else publishes. "
        "Nothing is written: a person goes over it. What is not understood is left out, and said."
    )
    parser.epilog = """examples:
  python -m orchestrator import --agent-card https://agent.example.com/.well-known/agent-card.json
  python -m orchestrator import --openapi https://api.example.com/openapi.json --name orders > draft.yaml
  python -m orchestrator import --openapi openapi.yaml
"""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--agent-card", metavar="URL", help="an agent card (A2A), or a file with one")
    what.add_argument("--openapi", metavar="URL", help="an OpenAPI document, or a file with one")
    parser.add_argument("--name", metavar="NAME", help="the autopilot's name; default: made of its title")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    source = options.agent_card or options.openapi
    try:
        document = parse_document(_read(source))
    except ValueError as error:
        raise UserError(f"{source} cannot be imported: {error}", "give the address of the document itself") from error
    read = draft_of_agent_card if options.agent_card else draft_of_openapi
    draft: Draft = read(document, options.name, source)
    if not draft.skills:
        wanted = "skills" if options.agent_card else "operations"
        raise UserError(f"{source} has no {wanted}", "give the address of the document itself")
    terminal.write(text_of(draft, source).rstrip("\n"))
    return 0


def _read(source: str) -> str:
    """Raises OrchestratorError where it cannot be read."""
    if not source.startswith(("https://", "http://")):
        try:
            return Path(source).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(
                f"{source} cannot be read: {error}", "give a URL that begins with https://, or a file"
            ) from error
    transport = PinnedTransport(allow_loopback=True)
    try:
        with httpx.Client(transport=transport, timeout=_TIMEOUT_S) as client, client.stream("GET", source) as answer:
            if not answer.is_success:
                raise OrchestratorError(f"{source} was not read: it answered {answer.status_code}")
            content = b""
            for part in answer.iter_bytes():
                content += part
                if len(content) > _MOST_BYTES:
                    raise OrchestratorError(f"{source} was not read: it has more than {_MOST_BYTES:,} bytes")
    except httpx.HTTPError as error:
        raise OrchestratorError(f"{source} was not read: {failure_words(error)}") from error
    return content.decode("utf-8", errors="replace")
