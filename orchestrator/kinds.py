"""The kinds of resources: one row for each, and the one reader of Pulumi's URNs.

A kind is named by the same text in the state of a stack, in drift, in `adopt` and in their JSON. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self


class Kind(StrEnum):
    """A row for each kind, in the order in which people read them.

    `word`: as messages call it. `pulumi_type`: the type of the provider's resource. `name_input`: the input that has
    the name in the account, for what belongs to a Worker the Worker's. `short`: as `backup --kind` takes it, for what
    holds data. `of_worker`: whether it comes and goes with a Worker.
    """

    word: str
    pulumi_type: str
    name_input: str
    short: str
    of_worker: bool

    KV_NAMESPACE = ("kvNamespace", "KV namespace", "workersKvNamespace:WorkersKvNamespace", "title", "kv")
    R2_BUCKET = ("r2Bucket", "R2 bucket", "r2Bucket:R2Bucket", "name", "r2")
    D1_DATABASE = ("d1Database", "D1 database", "d1Database:D1Database", "name", "d1")
    WORKER = ("worker", "Worker", "workersScript:WorkersScript", "scriptName")
    SCHEDULES = ("schedules", "cron triggers", "workersCronTrigger:WorkersCronTrigger", "scriptName", "", True)
    QUEUE = ("queue", "queue", "queue:Queue", "queueName")
    CONSUMER = ("queueConsumer", "queue consumer", "queueConsumer:QueueConsumer", "scriptName", "", True)
    SUBDOMAIN = (
        "subdomain",
        "workers.dev switch",
        "workersScriptSubdomain:WorkersScriptSubdomain",
        "scriptName",
        "",
        True,
    )
    CUSTOM_DOMAIN = ("customDomain", "custom domain", "workersCustomDomain:WorkersCustomDomain", "hostname")

    def __new__(
        cls, value: str, word: str, type: str, name_input: str, short: str = "", of_worker: bool = False
    ) -> Self:
        kind = str.__new__(cls, value)
        kind._value_ = value
        kind.word = word
        kind.pulumi_type = f"cloudflare:index/{type}"
        kind.name_input = name_input
        kind.short = short
        kind.of_worker = of_worker
        return kind

    @property
    def holds_data(self) -> bool:
        """Whether it holds data of people, which nothing here deletes or makes again by itself."""
        return bool(self.short)

    @property
    def stays(self) -> bool:
        """Whether it stays in the account, with what is in it, when it leaves the file: data, and a queue's messages.

        A queue holds no data otherwise: one that was deleted outside is made again, and its messages are sent again.
        """
        return self.holds_data or self is Kind.QUEUE

    @property
    def rank(self) -> int:
        """Its place in the order of the rows."""
        return list(Kind).index(self)

    @property
    def type_name(self) -> str:
        """The last part of the type, for patterns of URNs: `R2Bucket`."""
        return self.pulumi_type.rpartition(":")[2]

    def name_in(self, inputs: Mapping[str, Any]) -> str:
        """The name in the account that these inputs give; empty where they give none."""
        return str(inputs.get(self.name_input) or "")

    def titled(self, name: str) -> str:
        """The thing called `name`, as messages call it."""
        return f"{self.word} of Worker {name}" if self.of_worker else f"{self.word} {name}"


DATA_KINDS = tuple(kind for kind in Kind if kind.holds_data)
_BY_TYPE = {kind.pulumi_type: kind for kind in Kind}
_BY_SHORT = {kind.short: kind for kind in DATA_KINDS}


def kind_of_type(pulumi_type: str) -> Kind | None:
    """The kind of a resource of this type; None for components and whatever else a state has."""
    return _BY_TYPE.get(pulumi_type)


def word_of(kind: str) -> str:
    """The word for people of a kind that stands in a JSON document; the text itself where another version made it."""
    return next((each.word for each in Kind if each == kind), kind)


def kind_of_short(short: str) -> Kind:
    """The kind that `--kind` names: kv, r2 or d1."""
    return _BY_SHORT[short]


@dataclass(frozen=True, kw_only=True)
class Urn:
    """`type`: the resource's own, without its parents'; `name`: the logical one, which may hold `::` itself."""

    type: str
    name: str


def read_urn(urn: str) -> Urn:
    """As Pulumi reads `urn:pulumi:<stack>::<project>::<types>::<name>`: the name is all after the third `::`."""
    _, _, types, name = urn.split("::", 3)
    return Urn(type=types.rpartition("$")[2], name=name)
