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
