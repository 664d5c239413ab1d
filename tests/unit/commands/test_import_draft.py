"""`import`: a redirect is not followed; the command that it names reads the document where it is."""

from __future__ import annotations

import shlex

import httpx
import pytest

from orchestrator.cli import make_parser
from orchestrator.commands.import_draft import read_source
from orchestrator.errors import OrchestratorError, UserError

OLD = "https://api.example.com/v1/old.json"


def read(command: str, location: str) -> str:
    """What `command` reads of a world in which OLD leads to `location`, and all else is a document."""

    def respond(request: httpx.Request) -> httpx.Response:
        if str(request.url).endswith("/v1/old.json"):
            return httpx.Response(308, headers={"location": location})
        return httpx.Response(200, text=f"the document of {request.url}")

    words = shlex.split(command)[3:]
    return read_source(make_parser(words).parse_args(words), httpx.MockTransport(respond))


def import_of(source: str = OLD) -> str:
    return f"python -m orchestrator import --openapi {source} --name 'the shop'"


@pytest.mark.parametrize(
    ("location", "read_at"),
    [
        ("https://docs.example.org/openapi.json#top", "https://docs.example.org/openapi.json"),
        ("../v2/new.json?a=1&b='2'", "https://api.example.com/v2/new.json?a=1&b='2'"),
        ("//other.example.com/x", "https://other.example.com/x"),
    ],
)
def test_the_command_that_it_names_reads_the_document(location: str, read_at: str) -> None:
    with pytest.raises(UserError, match="a redirect to") as refused:
        read(import_of(), location)

    command = refused.value.hint.removeprefix("if that is the right place: ")
    assert read(command, location) == f"the document of {read_at}"
    assert shlex.split(command)[-2:] == ["--name", "the shop"]


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://api.example.com/openapi.json", "which is not https"),
        ("file:///etc/passwd", "which is not https"),
        ("https://me:secret@api.example.com/", "an address with a password"),
    ],
)
def test_where_the_rules_do_not_let_it_lead_no_command_is_named(location: str, reason: str) -> None:
    with pytest.raises(UserError, match=reason) as refused:
        read(import_of(), location)

    assert "secret" not in str(refused.value)
    assert refused.value.hint == "give the address of the document itself"


@pytest.mark.parametrize("location", ["https://a:port/", "https://a:99999999/"])
def test_a_redirect_to_what_is_no_address_is_told(location: str) -> None:
    with pytest.raises(OrchestratorError, match="was not read"):
        read(import_of(), location)


def test_a_source_that_is_no_url_is_told() -> None:
    with pytest.raises(UserError, match="is no URL"):
        read(import_of("https://a:port/"), "/")


def test_plain_http_may_lead_on_to_plain_http() -> None:
    with pytest.raises(UserError) as refused:
        read(import_of("http://127.0.0.1:8080/v1/old.json"), "/new.json")

    assert "import --openapi http://127.0.0.1:8080/new.json" in refused.value.hint
