"""What `autopilots.yaml` may say, as strict types.

Keys are camelCase in the file and snake_case here; an unknown key is an error, and so is a value of another type (no
`"5"` for 5). Each type has its description and examples, since the JSON Schema for editors is made of these models.
What needs more than one place of the file (duplicates, references) is in `checks`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    Strict,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, PydanticCustomError

from orchestrator import cron, names

MAX_VARIABLE_BYTES = 5 * 1024  # Cloudflare's limit for one variable
DEFAULT_TIMEOUT = 25  # seconds
DEFAULT_CRON = "*/15 * * * *"


def issue(code: str, message: str, hint: str = "") -> PydanticCustomError:
    """An error of a value, for a validator to raise; braces in the texts stay as they are."""
    return PydanticCustomError(code, "{message}", {"message": message, "hint": hint})


def _matching(kind: str, pattern: str, rule: str) -> Callable[[str], str]:
    code = f"invalid-{kind.lower().replace(' ', '-')}"
    compiled = re.compile(pattern.removesuffix("$"))  # fullmatch: `$` alone would let a line break follow

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise issue(code, f"`{value}` is not a valid {kind}", f"use {rule}")
        return value

    return check


def _text(kind: str, pattern: str, rule: str, *examples: str) -> tuple[Any, ...]:
    """The metadata of a text type that must match `pattern`."""
    schema = {"type": "string", "pattern": pattern, "description": f"{kind}: {rule}.", "examples": list(examples)}
    return AfterValidator(_matching(kind, pattern, rule)), WithJsonSchema(schema)


_NAME_PATTERN = r"^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$"
_TASK_PATTERN = r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$"
_CAPABILITY_PATTERN = r"^[a-z0-9_-]+(\.[a-z0-9_-]+)*$"
_NAME_RULE = "up to 64 lower-case letters, digits, dots, hyphens and underscores, with a letter or digit at both ends"
_TASK_RULE = "up to 128 letters, digits, dots, hyphens and underscores, with a letter or digit at both ends"
_CAPABILITY_RULE = "lower-case words (letters, digits, hyphens, underscores) with dots between them"

AutopilotName = Annotated[str, *_text("autopilot name", _NAME_PATTERN, _NAME_RULE, "ai-employee")]
TaskName = Annotated[str, *_text("task name", _TASK_PATTERN, _TASK_RULE, "generate_page")]
Capability = Annotated[str, *_text("capability", _CAPABILITY_PATTERN, _CAPABILITY_RULE, "web.pages.generate")]
WorkerName = Annotated[str, *_text("Worker name", names.WORKER_PATTERN, names.WORKER_RULE, "efh-agent")]
BucketName = Annotated[str, *_text("bucket name", names.BUCKET_PATTERN, names.BUCKET_RULE, "efh-private")]
KvTitle = Annotated[str, *_text("KV title", names.KV_TITLE_PATTERN, names.KV_TITLE_RULE, "AI_EMPLOYEE_LOGS")]


def _check_variable(name: str) -> str:
    _matching("variable name", names.VARIABLE_PATTERN, names.VARIABLE_RULE)(name)
    if name in names.RESERVED_VARIABLES:
        raise issue("reserved-binding", f"`{name}` is bound by the orchestrator itself", "choose another name")
    return name


def _check_value(value: str) -> str:
    size = len(value.encode())
    if size > MAX_VARIABLE_BYTES:
        raise issue(
            "variable-too-large",
            f"a variable holds at most {MAX_VARIABLE_BYTES:,} bytes, and this one has {size:,}",
            "keep large values in KV or R2, or in the Worker's source",
        )
    return value


def _check_cron(expression: str) -> str:
    try:
        parsed = cron.parse(expression)
    except ValueError as error:
        raise issue(
            "invalid-cron", f"cron expression `{expression}`: {error}", 'for example "*/15 * * * *" (times are UTC)'
        ) from error
    if not parsed.ever_fires:
        raise issue(
            "cron-never-fires", f"cron expression `{expression}` never fires", "no month it names has such a day"
        )
    return expression


def _check_source(source: str) -> str:
    path = PurePosixPath(source)
    if "\\" in source or not source.strip() or path.is_absolute() or re.match(r"[A-Za-z]:", source):
        problem = "must be a path relative to the project, with forward slashes"
    elif ".." in path.parts:
        problem = "leaves the project's folder"
    else:
        return source
    raise issue("invalid-source", f"`source` {problem}: `{source}`", "for example `autopilots/employee/src/index.ts`")


_VARIABLE_SCHEMA = {
    "type": "string",
    "pattern": names.VARIABLE_PATTERN,
    "not": {"enum": sorted(names.RESERVED_VARIABLES)},
    "description": f"Name of a variable: {names.VARIABLE_RULE}.",
    "examples": ["STRIPE_API_KEY"],
}
_CRON_SCHEMA = {
    "type": "string",
    "description": "Minute, hour, day of month, month, day of week (1 is Sunday); UTC.",
    "examples": [DEFAULT_CRON, "0 9 * * MON-FRI"],
}
_SOURCE_SCHEMA = {
    "type": "string",
    "description": "The Worker's entry point, relative to the project's folder; bundled by esbuild.",
    "examples": ["autopilots/employee/src/index.ts"],
}
VariableName = Annotated[str, AfterValidator(_check_variable), WithJsonSchema(_VARIABLE_SCHEMA)]
VariableValue = Annotated[str, AfterValidator(_check_value)]
CronExpression = Annotated[str, AfterValidator(_check_cron), WithJsonSchema(_CRON_SCHEMA)]
SourcePath = Annotated[str, AfterValidator(_check_source), WithJsonSchema(_SOURCE_SCHEMA)]


# A list of the file, kept as a tuple: strict mode alone would take nothing but a tuple.
Item = TypeVar("Item")
Items = Annotated[tuple[Item, ...], Strict(False)]


class Model(BaseModel):
    """Strict, frozen, camelCase outside, nothing unknown."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, alias_generator=to_camel)


class Shorthand(Model):
    """A mapping for which its most important value may stand alone: `efh-private` for `{name: efh-private}`."""

    short_for: ClassVar[str]

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: object) -> object:
        return {cls.short_for: value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        full = handler.resolve_ref_schema(handler(schema))
        return {"anyOf": [full["properties"][cls.short_for], full]}


class KvNamespaceNeed(Shorthand):
    """A Workers KV namespace."""

    short_for: ClassVar = "title"
    title: KvTitle


class BucketNeed(Shorthand):
    """An R2 bucket."""

    short_for: ClassVar = "name"
    name: BucketName
    location: Literal["apac", "eeur", "enam", "oc", "weur", "wnam"] | None = Field(
        default=None, description="Where the data should be; a hint to Cloudflare, used when the bucket is created."
    )
    jurisdiction: Literal["default", "eu", "fedramp"] = Field(
        default="default", description="Where the data must stay; cannot be changed later."
    )
    storage_class: Literal["Standard", "InfrequentAccess"] = Field(
        default="Standard", description="Storage class of new objects."
    )


class SecretNeed(Shorthand):
    """A secret variable; its value comes from the stack's encrypted config."""

    short_for: ClassVar = "name"
    name: VariableName
    optional: bool = Field(default=False, description="Not bound while it has no value, instead of being an error.")


class WorkerScript(Model):
    """A Worker: its script and what is bound to it beside the autopilot's namespaces and buckets."""

    name: WorkerName
    source: SourcePath | None = None
    content: str | None = Field(default=None, min_length=1, description="The script itself, an ES module.")
    crons: Items[CronExpression] = Field(default=(), description="Cron triggers of its own.")
    secrets: Items[SecretNeed] = Field(default=(), description="Bound from the stack's encrypted config.")
    vars: dict[VariableName, VariableValue] = Field(
        default={}, description="Plain values, up to 5 KB each.", examples=[{"MAIL_FROM": "hello@example.com"}]
    )
    ai: bool = Field(default=False, description="Bind Workers AI as `AI`.")


class Needs(Model):
    """What an autopilot needs; what several need is created once."""

    kv_namespaces: Items[KvNamespaceNeed] = Field(default=(), description="Workers KV namespaces, by title.")
    r2_buckets: Items[BucketNeed] = Field(default=(), description="R2 buckets, by name.")
    workers: Items[WorkerScript] = Field(default=(), description="Workers that are deployed for it.")


class Autopilot(Model):
    """A service that does tasks."""

    name: AutopilotName
    endpoint: str | None = Field(
        default=None,
        description="Where it answers: an https URL. May be left out when `worker` is given.",
        examples=["https://autopilot.example.com/"],
    )
    worker: WorkerName | None = Field(
        default=None, description="The declared Worker that answers for it, reached by service binding."
    )
    capabilities: Items[Capability] = Field(min_length=1, description="What it can do.")
    priority: int = Field(default=0, ge=-1000, le=1000, description="Where several can, the highest is taken.")
    weight: int = Field(default=1, ge=1, le=100, description="Share among those of equal priority.")
    needs: Needs = Field(default=Needs(), description="What must exist for it.")


class Task(Model):
    """A task that callers may ask for."""

    capability: Capability
    description: str = Field(default="", max_length=500, description="What it does, for people.")
    once: bool = Field(default=False, description="Must never be done twice (money): callers give an Idempotency-Key.")
    idempotent: bool = Field(default=False, description="May be done twice without harm, so it may be retried.")
    timeout: int = Field(default=DEFAULT_TIMEOUT, ge=1, le=300, description="Seconds to wait for the answer.")


class Orchestrator(Model):
    """The routing Worker."""

    worker: WorkerName
    cron: CronExpression = DEFAULT_CRON
    kv_namespaces: Items[KvNamespaceNeed] = Field(
        default=(KvNamespaceNeed(title=names.REGISTRY),),
        description="Its KV namespaces; `REGISTRY` must be among them.",
    )
    allowed_hosts: Items[str] = Field(
        default=(),
        description="Hosts that endpoints may have; every public host where it is empty. `*.` stands for all below.",
        examples=[["api.example.com", "*.efh.workers.dev"]],
    )


class Manifest(Model):
    """The autopilots, what they need, and the tasks."""

    orchestrator: Orchestrator
    autopilots: Items[Autopilot]
    tasks: dict[TaskName, Task] = {}
