"""Queues, and the Workers that take their messages.

A queue that leaves the file stays in the account with its messages, as what holds data does, unless the stage owns its
data (docs/decisions/0058-queues-stay.md). Its consumer goes. A consumer comes after its Worker, which comes after the
queue that it sends to: so they are two components.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from orchestrator.desired.resources import Consumer, Queue
from orchestrator.infra import sdk as cloudflare


@dataclass(frozen=True, kw_only=True)
class QueuesArgs:
    """What to declare in `account_id`; `keep_data` and `hooks` as of what holds data."""

    account_id: str
    queues: tuple[Queue, ...]
    keep_data: bool
    hooks: pulumi.ResourceHookBinding | None = None


class Queues(pulumi.ComponentResource):
    """Every queue, by the name that it has in the file."""

    queues: dict[str, cloudflare.Queue]

    def __init__(self, name: str, args: QueuesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("autopilot:infra:Queues", name, {}, opts)
        self.queues = {
            queue.key: cloudflare.Queue(
                queue.key,
                account_id=args.account_id,
                queue_name=queue.name,
                # Said, so that a refresh sees what was changed of them outside.
                settings=cloudflare.QueueSettingsArgs(delivery_delay=0, delivery_paused=False),
                opts=pulumi.ResourceOptions(parent=self, retain_on_delete=args.keep_data, hooks=args.hooks),
            )
            for queue in args.queues
        }
        self.register_outputs({})


@dataclass(frozen=True, kw_only=True)
class ConsumersArgs:
    """Who takes the messages of which of `queues`; `scripts`: the Workers' names in the account, by key."""

    account_id: str
    consumers: Mapping[str, Consumer]
    queues: Mapping[str, cloudflare.Queue]
    scripts: Mapping[str, pulumi.Input[str]]


class Consumers(pulumi.ComponentResource):
    """The consumer of each queue that has one."""

    def __init__(self, name: str, args: ConsumersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("autopilot:infra:Consumers", name, {}, opts)
        for key, consumer in args.consumers.items():
            cloudflare.QueueConsumer(
                key,
                account_id=args.account_id,
                queue_id=args.queues[key].queue_id,
                type="worker",
                script_name=args.scripts[consumer.worker],
                dead_letter_queue=args.queues[consumer.dead_letters].queue_name,
                settings=cloudflare.QueueConsumerSettingsArgs(
                    batch_size=consumer.batch_size,
                    max_retries=consumer.max_retries,
                    max_wait_time_ms=consumer.max_wait_ms,
                    retry_delay=consumer.retry_delay,
                    max_concurrency=consumer.max_concurrency,
                ),
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
