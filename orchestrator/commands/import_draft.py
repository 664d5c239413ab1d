"""`import`: a draft of an autopilot from an agent card or an OpenAPI document of others."""

from __future__ import annotations

import argparse
import shlex
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
        document = parse_document(read_source(options, PinnedTransport(allow_loopback=True)))
    except ValueError as error:
        raise UserError(f"{source} cannot be imported: {error}", "give the address of the document itself") from error
    read = draft_of_agent_card if options.agent_card else draft_of_openapi
    draft: Draft = read(document, options.name, source)
    if not draft.skills:
        wanted = "skills" if options.agent_card else "operations"
        raise UserError(f"{source} has no {wanted}", "give the address of the document itself")
    terminal.write(text_of(draft, source).rstrip("\n"))
    return 0


def read_source(options: argparse.Namespace, transport: httpx.BaseTransport) -> str:
    """The text of what is to be imported. Raises OrchestratorError where it cannot be read; no redirect is followed."""
    source: str = options.agent_card or options.openapi
    if not source.startswith(("https://", "http://")):
        try:
            return Path(source).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(
                f"{source} cannot be read: {error}", "give a URL that begins with https://, or a file"
            ) from error
    try:
        with httpx.Client(transport=transport, timeout=_TIMEOUT_S) as client, client.stream("GET", source) as answer:
            if answer.is_redirect:
                raise _moved(options, source, answer)
            if not answer.is_success:
                raise OrchestratorError(f"{source} was not read: it answered {answer.status_code}")
            content = b""
            for part in answer.iter_bytes():
                content += part
                if len(content) > _MOST_BYTES:
                    raise OrchestratorError(f"{source} was not read: it has more than {_MOST_BYTES:,} bytes")
    except httpx.InvalidURL as error:
        raise UserError(f"{source} is no URL: {error}", "give the address of the document itself") from error
    except httpx.HTTPError as error:
        raise OrchestratorError(f"{source} was not read: {failure_words(error)}") from error
    return content.decode("utf-8", errors="replace")


def _moved(options: argparse.Namespace, source: str, answer: httpx.Response) -> UserError:
    """Where a redirect leads, as the command to give: whoever runs it sees to which host it goes."""
    said = f"{source} was not read: it answered {answer.status_code}, a redirect"
    begin = httpx.URL(source)
    to = begin.join(answer.headers["location"]).copy_with(fragment=None)
    if to.scheme not in {"https", begin.scheme} or not to.host:
        return UserError(f"{said} to {to}, which is not https", "give the address of the document itself")
    if to.userinfo:
        return UserError(f"{said} to an address with a password", "give the address of the document itself")
    flag = "--agent-card" if options.agent_card else "--openapi"
    name = ["--name", options.name] if options.name else []
    command = shlex.join(["python", "-m", "orchestrator", "import", flag, str(to), *name])
    return UserError(f"{said} to {to}", f"if that is the right place: {command}")
