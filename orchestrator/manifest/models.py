"""What `autopilots.yaml` may say, as strict types.

Keys are camelCase in the file and snake_case here; an unknown key is an error, and so is a value of another type (no
`"5"` for 5). Each type has its description and examples, since the JSON Schema for editors is made of these models.
What an autopilot needs is in `needs`, what single values may be in `fields`; what takes more than one place of the file
in `duplicates`, `references` and `bindings`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticKnownError

from orchestrator.manifest.fields import (
    AlertCondition,
    AlertName,
    AutopilotName,
    CallerName,
    Capability,
    Channel,
    CronExpression,
    DatabaseName,
    Duration,
    Given,
    GivenNumber,
    HostPattern,
    Items,
    Origin,
    ScheduleExpression,
    ScheduleName,
    TaskName,
    Timezone,
    WorkerName,
)
from orchestrator.manifest.needs import KvNamespaceNeed, Model, Needs, WorkerScript
from orchestrator.names import REGISTRY, SCHEDULING_CAPABILITY

DEFAULT_TIMEOUT = 25  # seconds
DEFAULT_CRON = "*/15 * * * *"
DEFAULT_RETRIES = 5
DEFAULT_BACKOFF = 10  # seconds


class Autopilot(Model):
    """A service that does tasks."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["endpoint"]}, {"required": ["worker"]}]})

    name: AutopilotName
    endpoint: Annotated[str | None, Given] = Field(
        default=None,
        description="Where it answers: an https URL. May be left out when `worker` is given.",
        examples=["https://autopilot.example.com/"],
    )
    worker: Annotated[WorkerName | None, Given] = Field(
        default=None, description="The declared Worker that answers for it, reached by service binding."
    )
    capabilities: Items[Capability] = Field(
        min_length=1, description="What it can do.", examples=[["web.pages.generate"]]
    )
    priority: int = Field(
        default=0, ge=-1000, le=1000, description="Where several can, the highest is taken.", examples=[10]
    )
    weight: int = Field(default=1, ge=1, le=100, description="Share among those of equal priority.", examples=[3])
    needs: Needs = Field(
        default=Needs(), description="What must exist for it.", examples=[{"kvNamespaces": ["AI_EMPLOYEE_LOGS"]}]
    )


def _switch(value: object) -> object:
    """`true` stands for all defaults, `false` for not at all; a key without a value for neither."""
    if value is None:
        raise PydanticKnownError("bool_type")
    return {True: {}, False: None}[value] if isinstance(value, bool) else value


class AsyncTask(Model):
    """How a task is done that its caller does not wait for."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [{"type": "boolean"}, handler.resolve_ref_schema(handler(schema))]}

    retries: int = Field(
        default=DEFAULT_RETRIES,
        ge=0,
        le=100,
        description="How often it is tried again where that does no harm.",
        examples=[10],
    )
    backoff: int = Field(
        default=DEFAULT_BACKOFF,
        ge=1,
        le=3600,
        description="Seconds before the first retry; twice as many before each further one, up to an hour.",
        examples=[60],
    )
    max_concurrency: Annotated[int | None, GivenNumber] = Field(
        default=None,
        ge=1,
        le=250,
        description="How many runs of its autopilot may go on when one of this task begins; as many as there are "
        "where it is left out.",
        examples=[3],
    )
    callback: Annotated[str | None, Given] = Field(
        default=None,
        description="An https URL that is told what became of each, signed.",
        examples=["https://shop.example.com/hooks/tasks"],
    )


class Task(Model):
    """A task that callers may ask for."""

    capability: Capability
    description: str = Field(
        default="", max_length=500, description="What it does, for people.", examples=["Generate a branded page"]
    )
    once: bool = Field(
        default=False, description="Must never be done twice (money): callers give an Idempotency-Key.", examples=[True]
    )
    idempotent: bool = Field(
        default=False, description="May be done twice without harm, so it may be retried.", examples=[True]
    )
    stream: bool = Field(
        default=False, description="The answer is passed on as it comes, not read whole first.", examples=[True]
    )
    timeout: int = Field(
        default=DEFAULT_TIMEOUT, ge=1, le=300, description="Seconds to wait for the answer.", examples=[60]
    )
    later: Annotated[AsyncTask | None, BeforeValidator(_switch)] = Field(
        default=None,
        alias="async",
        description="Done later: the caller is answered 202 at once, and asks for the run. `true`, or how. The queues "
        "`efh-tasks` and `efh-tasks-dead` follow, with their bindings; each run takes three of the free plan's 10,000 "
        "queue operations a day, each retry one more.",
        examples=[True, {"retries": 5, "maxConcurrency": 3}],
    )


class ScheduledTask(Model):
    """A task that the platform itself asks for, again and again."""

    task: TaskName
    every: ScheduleExpression
    timezone: Timezone = Field(default="UTC", description="The time zone of `every`.", examples=["Europe/Berlin"])
    meta: dict[str, Any] = Field(
        default={},
        description="What the task is given; held against the catalogue's entry of its capability.",
        examples=[{"description": "Bread for beginners"}],
    )


class Orchestrator(Model):
    """The routing Worker."""

    worker: WorkerName
    database: Annotated[DatabaseName | None, Given] = Field(
        default=None,
        description="Its records (D1); the Worker's name where it is left out. Name it before the Worker is renamed.",
    )
    cron: CronExpression = DEFAULT_CRON
    kv_namespaces: Items[KvNamespaceNeed] = Field(
        default=(KvNamespaceNeed(title=REGISTRY),),
        description="Its KV namespaces; `REGISTRY` must be among them.",
        examples=[["REGISTRY"]],
    )
    allowed_hosts: Items[HostPattern] = Field(
        default=(),
        description="Hosts that endpoints may have; every public host where it is empty.",
        examples=[["api.example.com", "*.efh.workers.dev"]],
    )
    allowed_origins: Items[Origin] = Field(
        default=(),
        description="Origins of web pages that may call the router from a browser (CORS).",
        examples=[["https://admin.example.com"]],
    )


class Caller(Model):
    """Somebody who may call the orchestrator, with a token of its own: the stack's secret `callers.<name>`."""

    may: Items[Literal["plan", "read", "register", "heal", "approve", "resolve"]] = Field(
        min_length=1,
        description="`plan` tasks; `read` the list, journal, runs, statistics and diagnosis; `register` autopilots; "
        "ask for a `heal`; `approve` and `resolve` runs that another caller asked for.",
        examples=[["plan", "read"]],
    )
    tasks: Items[TaskName] = Field(
        default=(),
        description="The tasks that it may ask for; all where it is empty.",
        examples=[["create_lead", "make_checkout"]],
    )


class Alert(Model):
    """What people are told of, once when it begins and once when it is over; the scheduled run looks."""

    when: AlertCondition
    hold: Duration = Field(default="0m", alias="for", description="How long it must be so before they are told.")
    resolve: Duration = Field(default="0m", description="How long it must be well before they are told that it is.")
    to: Items[Channel] = Field(
        min_length=1,
        description="Who is told: each has a URL in the stack's `alertUrls`.",
        examples=[["slack", "webhook-oncall"]],
    )


class Manifest(Model):
    """The autopilots, what they need, the tasks, and who may ask for them."""

    orchestrator: Orchestrator = Field(
        description="The Worker that takes tasks and forwards them.",
        examples=[{"worker": "efh-autopilot-orchestrator"}],
    )
    callers: dict[CallerName, Caller] = Field(
        default={},
        description="Who may do what, by name. The stack's `apiToken` may do everything.",
        examples=[{"shop": {"may": ["plan"], "tasks": ["create_lead"]}}],
    )
    autopilots: Items[Autopilot] = Field(
        description="Who can do what; the order means nothing.",
        examples=[[{"name": "helper", "endpoint": "https://helper.example.com/", "capabilities": ["help.give"]}]],
    )
    tasks: dict[TaskName, Task] = Field(
        default={},
        description="What callers ask for, by name.",
        examples=[{"generate_page": {"capability": "web.pages.generate"}}],
    )
    schedules: dict[ScheduleName, ScheduledTask] = Field(
        default={},
        description="What the platform itself does again and again, by name. The same queues follow; `limits` and the "
        "preview count the queue operations of a day.",
        examples=[{"daily-report": {"task": "send_report", "every": "0 6 * * *"}}],
    )
    alerts: dict[AlertName, Alert] = Field(
        default={},
        description="What people are told of, by name.",
        examples=[{"down": {"when": "health.down", "for": "15m", "to": ["slack"]}}],
    )

    @property
    def workers(self) -> list[WorkerScript]:
        """Those of all autopilots, as often as they are declared."""
        return [worker for autopilot in self.autopilots for worker in autopilot.needs.workers]

    @property
    def does_later(self) -> bool:
        """Whether something may be done later than it is asked for, so that there is a queue of tasks: a task or a
        schedule of the file, or what callers have a Worker of the file schedule."""
        schedulers = (each for each in self.autopilots if each.worker and SCHEDULING_CAPABILITY in each.capabilities)
        return bool(self.schedules) or any(task.later for task in self.tasks.values()) or any(schedulers)
