"""What an autopilot needs, as `autopilots.yaml` may say it: data, secrets, Workers. Of `models`, which has the rest."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema

from orchestrator.manifest.fields import (
    BucketName,
    CompatibilityDate,
    CompatibilityFlag,
    CronExpression,
    CustomDomain,
    DatabaseName,
    Given,
    GivenNumber,
    Items,
    KvTitle,
    SourcePath,
    VariableName,
    WorkerName,
)
from orchestrator.names import COMPATIBILITY_DATE

_BINDING = Field(
    default=None,
    description="The name by which Workers see it, in place of its own in upper case; others may choose another.",
    examples=["CACHE"],
)


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
    binding: Annotated[VariableName | None, Given] = _BINDING


class BucketNeed(Shorthand):
    """An R2 bucket."""

    short_for: ClassVar = "name"
    name: BucketName
    location: Annotated[Literal["apac", "eeur", "enam", "oc", "weur", "wnam"] | None, Given] = Field(
        default=None,
        description="Where the data should be; a hint to Cloudflare, used when the bucket is created.",
        examples=["weur"],
    )
    jurisdiction: Literal["default", "eu", "fedramp"] = Field(
        default="default", description="Where the data must stay; cannot be changed later.", examples=["eu"]
    )
    storage_class: Literal["Standard", "InfrequentAccess"] = Field(
        default="Standard", description="Storage class of new objects.", examples=["InfrequentAccess"]
    )
    binding: Annotated[VariableName | None, Given] = _BINDING


class DatabaseNeed(Shorthand):
    """A D1 database; its tables are made by the Workers that use it."""

    short_for: ClassVar = "name"
    name: DatabaseName
    jurisdiction: Literal["default", "eu", "fedramp"] = Field(
        default="default", description="Where the data must stay; cannot be changed later.", examples=["eu"]
    )
    binding: Annotated[VariableName | None, Given] = _BINDING


class SecretNeed(Shorthand):
    """A secret variable; its value comes from the stack's encrypted config."""

    short_for: ClassVar = "name"
    name: VariableName
    optional: bool = Field(
        default=False, description="Not bound while it has no value, instead of being an error.", examples=[True]
    )


class Observability(Model):
    """What Cloudflare keeps of a Worker's runs, for the dashboard."""

    enabled: bool = Field(default=True, description="Keep logs.", examples=[False])
    head_sampling_rate: float = Field(
        default=1, ge=0, le=1, allow_inf_nan=False, description="The share of the runs that are kept.", examples=[0.1]
    )


class WorkerLimits(Model):
    """What one run of a Worker may use; the paid plan's alone."""

    cpu_ms: Annotated[int | None, GivenNumber] = Field(
        default=None,
        ge=1,
        description="Milliseconds of CPU time; the plan's own limit where it is left out.",
        examples=[50],
    )


class WorkerScript(Model):
    """A Worker: its script and what is bound to it beside the autopilot's namespaces and buckets."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["source"]}, {"required": ["content"]}]})

    name: WorkerName
    source: Annotated[SourcePath | None, Given] = None
    content: Annotated[str | None, Given] = Field(
        default=None,
        min_length=1,
        description="The script itself, an ES module.",
        examples=["export default { fetch: () => new Response('hello') };"],
    )
    crons: Items[CronExpression] = Field(default=(), description="Cron triggers of its own.", examples=[["0 6 * * *"]])
    secrets: Items[SecretNeed] = Field(
        default=(),
        description="Bound from the stack's encrypted config.",
        examples=[["STRIPE_API_KEY", {"name": "MAIL_API_KEY", "optional": True}]],
    )
    vars: dict[VariableName, str] = Field(
        default={}, description="Plain values.", examples=[{"MAIL_FROM": "hello@example.com"}]
    )
    ai: bool = Field(default=False, description="Bind Workers AI as `AI`.", examples=[True])
    send_email: bool = Field(
        default=False,
        description="Bind Cloudflare's mail (`send_email`) as `SEND_EMAIL`: to verified addresses of the account.",
        examples=[True],
    )
    compatibility_date: CompatibilityDate = COMPATIBILITY_DATE
    compatibility_flags: Items[CompatibilityFlag] = Field(
        default=(), description="Features of the runtime that are switched on or off.", examples=[["nodejs_compat"]]
    )
    public: bool = Field(
        default=False,
        description="Whether it answers under workers.dev; who is only bound needs no address.",
        examples=[True],
    )
    observability: Observability = Field(
        default=Observability(),
        description="What Cloudflare keeps of its runs, for the dashboard.",
        examples=[{"enabled": True, "headSamplingRate": 0.1}],
    )
    placement: Annotated[Literal["smart"] | None, Given] = Field(
        default=None,
        description="Run near what it talks to, instead of near the caller.",
        examples=["smart"],
    )
    limits: WorkerLimits = Field(
        default=WorkerLimits(),
        description="What one run of it may use; the paid plan's alone.",
        examples=[{"cpuMs": 50}],
    )
    tail_consumers: Items[WorkerName] = Field(
        default=(),
        description="Declared Workers that get its logs (their `tail` handler); the paid plan's alone.",
        examples=[["efh-logs"]],
    )
    logpush: bool = Field(
        default=False,
        description="Hand its logs to the account's Logpush jobs; the paid plan's alone.",
        examples=[True],
    )
    domains: Items[CustomDomain] = Field(
        default=(),
        description="Custom domains: hosts of the account's zones that lead to it, with DNS record and certificate.",
        examples=[["api.example.com"]],
    )


class Needs(Model):
    """What an autopilot needs; what several need is created once."""

    kv_namespaces: Items[KvNamespaceNeed] = Field(
        default=(),
        description="Workers KV namespaces, by title.",
        examples=[["AI_EMPLOYEE_LOGS"], [{"title": "efh-agent-cache", "binding": "CACHE"}]],
    )
    r2_buckets: Items[BucketNeed] = Field(
        default=(),
        description="R2 buckets, by name.",
        examples=[["efh-private"], [{"name": "efh-eu", "jurisdiction": "eu"}]],
    )
    d1_databases: Items[DatabaseNeed] = Field(
        default=(),
        description="D1 databases, by name.",
        examples=[["efh-crm"], [{"name": "efh-ai", "binding": "AI_BUDGET"}]],
    )
    workers: Items[WorkerScript] = Field(
        default=(),
        description="Workers that are deployed for it.",
        examples=[[{"name": "efh-agent", "source": "autopilots/employee/src/index.ts"}]],
    )
