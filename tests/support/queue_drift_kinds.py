"""The kinds of drift of queues: what somebody does to them behind Pulumi's back, and what of it must be found.

As drift_kinds.py, on the same stack with a task that is done later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.drift_kind import DriftKind, Found
from tests.support.drift_stack import ROUTER
from tests.support.outside import Outside

TASKS, DEAD = "efh-tasks", "efh-tasks-dead"
_TAKER = "export default { fetch: () => new Response('taker'), queue: () => {} }"


def _id(outside: Outside, name: str) -> str:
    return str(outside.call("GET", "/queues", params={"name": name})[0]["queue_id"])


def _consumer(outside: Outside) -> tuple[str, dict[str, Any]]:
    """The path of the consumer, and what may be said of it again."""
    queue = _id(outside, TASKS)
    (consumer,) = outside.call("GET", f"/queues/{queue}/consumers")
    said = {key: consumer[key] for key in ("type", "dead_letter_queue", "settings")}
    return f"/queues/{queue}/consumers/{consumer['consumer_id']}", {**said, "script_name": consumer["script"]}


def _changes_queue(**body: Any) -> Callable[[Outside], object]:
    return lambda outside: outside.call("PATCH", f"/queues/{_id(outside, TASKS)}", json=body)


def _changes_consumer(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Outside], object]:
    def does(outside: Outside) -> None:
        path, said = _consumer(outside)
        outside.call("PUT", path, json=said | change(said))

    return does


def _removes_consumer(outside: Outside) -> None:
    outside.call("DELETE", _consumer(outside)[0])


def _deletes(outside: Outside) -> None:
    """A queue goes only when nobody takes from it and nobody sends to it."""
    _removes_consumer(outside)
    outside.bindings(ROUTER, {"TASK_QUEUE": None})
    outside.call("DELETE", f"/queues/{_id(outside, TASKS)}")


def _recreates(outside: Outside) -> None:
    _deletes(outside)
    outside.call("POST", "/queues", json={"queue_name": TASKS})


def _deletes_dead_letters(outside: Outside) -> None:
    outside.bindings(ROUTER, {"DEAD_LETTER_QUEUE": None})
    outside.call("DELETE", f"/queues/{_id(outside, DEAD)}")


def _adds(outside: Outside) -> None:
    outside.call("POST", "/queues", json={"queue_name": "found"})


def _gives_dead_letters_away(outside: Outside) -> None:
    _adds(outside)
    _changes_consumer(lambda _: {"dead_letter_queue": "found"})(outside)


def _gives_messages_away(outside: Outside) -> None:
    outside.upload("taker", _TAKER)
    _changes_consumer(lambda _: {"script_name": "taker"})(outside)


def _unbound(name: str) -> Found:
    return ("changed", "worker", ROUTER, (f"bindings.{name}",))


def _changed(kind: str, name: str, *paths: str) -> Found:
    return ("changed", kind, name, paths)


_NO_CONSUMER = ("missing", "queueConsumer", ROUTER, ())
QUEUE_KINDS = (
    DriftKind(name="queue deleted", does=_deletes, finds=(("missing", "queue", TASKS, ()), _unbound("TASK_QUEUE"))),
    DriftKind(
        name="queue deleted and recreated",
        does=_recreates,
        finds=(_changed("queue", TASKS, "id"), _NO_CONSUMER, _unbound("TASK_QUEUE")),
    ),
    DriftKind(
        name="dead letters' queue deleted",
        does=_deletes_dead_letters,
        finds=(("missing", "queue", DEAD, ()), _unbound("DEAD_LETTER_QUEUE")),
    ),
    DriftKind(name="queue added", does=_adds, finds=(("undeclared", "queue", "found", ()),)),
    DriftKind(
        name="delivery paused",
        does=_changes_queue(settings={"delivery_paused": True}),
        finds=(_changed("queue", TASKS, "settings.delivery_paused"),),
    ),
    DriftKind(
        name="delivery delayed",
        does=_changes_queue(settings={"delivery_delay": 60}),
        finds=(_changed("queue", TASKS, "settings.delivery_delay"),),
    ),
    DriftKind(name="consumer removed", does=_removes_consumer, finds=(_NO_CONSUMER,)),
    DriftKind(
        name="consumer's settings changed",
        does=_changes_consumer(lambda said: {"settings": {**said["settings"], "max_retries": 3, "batch_size": 1}}),
        finds=(_changed("queueConsumer", ROUTER, "settings.batch_size", "settings.max_retries"),),
    ),
    DriftKind(
        name="dead letters given to another queue",
        does=_gives_dead_letters_away,
        finds=(("undeclared", "queue", "found", ()), _changed("queueConsumer", ROUTER, "dead_letter_queue")),
    ),
    DriftKind(
        name="dead letters given up",
        does=_changes_consumer(lambda _: {"dead_letter_queue": ""}),
        finds=(_changed("queueConsumer", ROUTER, "dead_letter_queue"),),
    ),
    DriftKind(
        name="messages given to another Worker",
        does=_gives_messages_away,
        finds=(("undeclared", "worker", "taker", ()), _changed("queueConsumer", ROUTER, "script_name")),
    ),
)
