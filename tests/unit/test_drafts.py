"""Drafts from what strangers publish: what is understood is taken, nothing that they write stops it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.catalog.drafts import draft_of_agent_card, draft_of_openapi, parse_document, slug, text_of
from orchestrator.catalog.keywords import schema_mistakes
from orchestrator.cli import main
from orchestrator.manifest import parse

SOURCE = "https://agent.example.com/card.json"
CARD: dict[str, Any] = {
    "protocolVersion": "0.3.0",
    "name": "Route Planner",
    "url": "https://agent.example.com/a2a/v1",
    "skills": [
        {"id": "routeOptimizer", "name": "Optimise routes", "description": "Shortest\nway", "tags": ["maps"]},
        {"name": "Draw a map"},
    ],
}
OPENAPI: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Orders"},
    "servers": [{"url": "/v1"}, {"url": "https://api.example.com/v1"}],
    "paths": {
        "/orders/{id}": {
            "parameters": [],
            "put": {
                "operationId": "changeOrder",
                "summary": "Change an order",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}},
                "responses": {"200": {"content": {"application/json": {"schema": {"type": "object", "oneOf": []}}}}},
            },
        },
        "/orders": {"post": {"requestBody": {"content": {"application/json": {"schema": {"type": "array"}}}}}},
    },
    "components": {
        "schemas": {
            "Order": {
                "type": "object",
                "required": ["count"],
                "properties": {
                    "count": {"type": "integer", "exclusiveMinimum": 0},
                    "of": {"$ref": "#/components/schemas/Order"},
                },
            }
        }
    },
}  # fmt: skip


def documents(text: str) -> list[Any]:
    return list(yaml.safe_load_all(text))


def test_a_card_becomes_an_autopilot_with_its_skills() -> None:
    first, *entries = documents(text_of(draft_of_agent_card(CARD, None, SOURCE), SOURCE))

    [autopilot] = first["autopilots"]
    assert autopilot["name"] == "route-planner"
    assert autopilot["endpoint"] == "https://agent.example.com/a2a/v1"
    assert autopilot["capabilities"] == ["route-planner.route-optimizer", "route-planner.draw-a-map"]
    assert first["tasks"]["route_planner_draw_a_map"]["capability"] == "route-planner.draw-a-map"
    assert [(each["title"], each["description"]) for each in entries] == [
        ("Optimise routes", "Shortest way"),
        ("Draw a map", ""),
    ]
    parse(yaml.safe_dump({"orchestrator": {"worker": "efh-o"}, **first}))


def test_a_newer_card_has_its_address_elsewhere() -> None:
    card = {key: each for key, each in CARD.items() if key != "url"}
    interfaces = [{"url": "https://new.example.com/", "protocolBinding": "JSONRPC"}]

    assert draft_of_agent_card({**card, "supportedInterfaces": interfaces}, "x", SOURCE).endpoint == (
        "https://new.example.com/"
    )
    assert draft_of_agent_card(card, "x", SOURCE).endpoint == SOURCE


def test_an_openapi_document_becomes_schemas_that_the_router_checks() -> None:
    change, create = draft_of_openapi(OPENAPI, None, SOURCE).skills

    assert (change.name, change.title) == ("orders.change-order", "Change an order")
    assert change.meta["required"] == ["id", "count"]
    assert change.meta["properties"]["count"] == {"type": "integer"}
    assert change.result == {"type": "object"}
    assert (create.name, create.meta["required"]) == ("orders.post-orders", ["body"])
    for skill in (change, create):
        assert [*schema_mistakes(skill.meta, "meta"), *schema_mistakes(skill.result, "result")] == []
    assert draft_of_openapi(OPENAPI, None, SOURCE).endpoint == "https://api.example.com/v1"


STRANGE: list[dict[str, Any]] = [
    {},
    {"skills": {"a": 1}, "paths": [1]},
    {"skills": [None, 1, {}, {"id": {}}, {"id": "\u0000"}], "name": 5, "url": ["x"], "supportedInterfaces": [1]},
    {"paths": {"/x": {"post": {"requestBody": {"$ref": "#/nowhere"}, "responses": [], "parameters": {"a": 1}}}}},
    {"paths": {"/x": {"post": {"parameters": [{"in": "query", "name": "q", "schema": {"enum": 3, "properties": 1}}]}}}},
    {"paths": {"/x": {"post": {"requestBody": {"$ref": "#/a"}}}}, "a": {"$ref": "#/a"}},
]


@pytest.mark.parametrize("document", STRANGE)
def test_what_is_strange_is_passed_over(document: dict[str, Any]) -> None:
    for read in (draft_of_agent_card, draft_of_openapi):
        draft = read(document, None, SOURCE)
        for part in documents(text_of(draft, SOURCE))[1:]:
            assert [*schema_mistakes(part["meta"], "meta")] == []


def test_a_schema_that_names_itself_many_times_has_an_end() -> None:
    tree = {"type": "object", "properties": {f"m{number}": {"$ref": "#/t"} for number in range(50)}}
    body = {"content": {"application/json": {"schema": {"$ref": "#/t"}}}}
    document = {"paths": {"/x": {"post": {"requestBody": body}}}, "t": tree}

    assert len(json.dumps(draft_of_openapi(document, None, SOURCE).skills[0].meta)) < 200_000


def test_texts_of_strangers_are_on_a_line_and_do_nothing() -> None:
    skill = {"id": "x", "name": "a\n---\nautopilots: []\x1b[31m", "description": "# \r\n- y"}
    first, entry = documents(text_of(draft_of_agent_card({"name": "n", "skills": [skill]}, None, SOURCE), SOURCE))

    assert len(first["autopilots"]) == 1
    assert entry["title"] == "a --- autopilots: [][31m"


def test_it_is_json_or_yaml() -> None:
    assert parse_document('{"a": 1}') == parse_document("a: 1") == {"a": 1}
    for text in ("[1]", "a: [", "", "<html>"):
        with pytest.raises(ValueError, match="it is"):
            parse_document(text)


def test_a_name_is_made_of_what_they_call_it() -> None:
    assert [slug(text) for text in ("getOrderById", "Größe & Co.", "--", "a" * 99)] == [
        "get-order-by-id", "gr-e-co", "", "a" * 48,
    ]  # fmt: skip


def test_the_command_prints_the_draft_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "card.json").write_text(json.dumps(CARD))
    assert main(["import", "--agent-card", str(tmp_path / "card.json"), "--name", "maps"]) == 0
    assert documents(capsys.readouterr().out)[0]["autopilots"][0]["name"] == "maps"

    assert main(["import", "--openapi", str(tmp_path / "card.json")]) == 2
    assert "has no operations" in capsys.readouterr().err
    assert main(["import", "--openapi", str(tmp_path / "nowhere")]) == 2


def openapi(operation: str, more: str = "") -> dict[str, Any]:
    return dict(parse_document(f"openapi: 3.0.3\npaths: {{'/pets/{{id}}': {{{operation}}}}}\n{more}"))


def test_all_of_nullable_and_parameters_of_the_path_are_understood() -> None:
    """As documents of OpenAPI 3.0 have them; none of it refuses what the whole schema takes."""
    body = """
parameters: [{name: id, in: path, required: true, schema: {type: integer}}],
post: {requestBody: {content: {application/json; charset=utf-8: {schema: {allOf: [{$ref: '#/base'},
  {required: [tag], additionalProperties: false,
   properties: {tag: {type: string, enum: [a], nullable: true}, day: {default: 2020-01-01, pattern: '['}}}]}}}},
  responses: {200: {content: {application/x+json: {schema: {additionalProperties: false, patternProperties: {}}}}}}}"""
    [skill] = draft_of_openapi(openapi(body, "base: {required: [name], properties: {name: {}}}"), "pets", SOURCE).skills

    assert skill.meta == {
        "type": "object",
        "properties": {
            "id": {"type": "integer"},
            "tag": {"type": ["string", "null"], "enum": ["a", None]},
            "day": {"default": "2020-01-01"},
            "name": {},
        },
        "required": ["id", "name", "tag"],
    }
    assert skill.result == {}


def test_an_address_that_is_relative_is_below_the_documents() -> None:
    document = openapi("get: {}", "servers: [{url: /api/v3}]")

    assert draft_of_openapi(document, "pets", "https://pets.example.com/docs/openapi.json").endpoint == (
        "https://pets.example.com/api/v3"
    )


def test_of_very_many_the_first_are_taken_and_that_is_said() -> None:
    paths: dict[str, Any] = {f"/x{number}": {"get": {}} for number in range(300)}
    card = {"name": "x", "skills": [{"id": f"a{number}"} for number in range(300)]}

    drafts = draft_of_openapi({"paths": paths}, "x", SOURCE), draft_of_agent_card(card, "x", SOURCE)

    assert [len(draft.skills) for draft in drafts] == [200, 200]
    assert [draft.left_out for draft in drafts] == [
        ("all but the first 200 operations",),
        ("all but the first 200 skills",),
    ]


def test_aliases_that_stand_for_gigabytes_have_an_end() -> None:
    lists = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 12))
    body = (
        "post: {requestBody: {content: {application/json: {schema: {enum: *l11, properties: {a: {examples: *l11}}}}}}}"
    )
    document = parse_document(f"l0: &l0 [x]\n{lists}paths: {{/x: {{{body}}}}}")

    draft = draft_of_openapi(document, "x", SOURCE)

    assert len(text_of(draft, SOURCE)) < 100_000


@pytest.mark.parametrize(
    "text", ['{"a":' * 100_000, "a: " + "[" * 5_000, "a: 2020-99-99x: [", "!!python/object:x.y {}"]
)
def test_what_cannot_be_read_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"nested too deep|neither JSON nor YAML"):
        parse_document(text)
