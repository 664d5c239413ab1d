"""The JSON Schema of `autopilots.yaml`, for completion and checks in editors; made of the models.

`autopilots.schema.json` is what `python -m orchestrator schema` prints; a test says when it is stale. Pure.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode
from pydantic_core import CoreSchema, core_schema

from orchestrator.manifest.models import Manifest


class _Generator(GenerateJsonSchema):
    """Says of the models what pydantic leaves out, and leaves out what says nothing in an editor."""

    def generate(self, schema: CoreSchema, mode: JsonSchemaMode = "validation") -> dict[str, Any]:
        dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
        return {**dialect, **super().generate(schema, mode), "title": "autopilots.yaml"}

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the keys are titles enough
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> dict[str, Any]:
        """None only stands for a key that was left out; a key without a value is refused."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> dict[str, Any]:
        made = super().default_schema(schema)
        return {key: value for key, value in made.items() if (key, value) != ("default", None)}

    def dict_schema(self, schema: core_schema.DictSchema) -> dict[str, Any]:
        """Keys that break their pattern are refused."""
        made = super().dict_schema(schema)
        return {**made, "additionalProperties": False} if "patternProperties" in made else made


def schema_json() -> str:
    """The schema as text, the same for the same models."""
    return json.dumps(Manifest.model_json_schema(schema_generator=_Generator), indent=2, ensure_ascii=False) + "\n"
