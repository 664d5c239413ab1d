"""What the manifest refers to but does not have, what contradicts itself, and endpoints that are not taken. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from graphlib import CycleError, TopologicalSorter
from typing import Any

from orchestrator import names
from orchestrator.catalog.schema import mistakes_of
from orchestrator.manifest.bindings import bound_as
from orchestrator.manifest.fields import HOST_PATTERN
from orchestrator.manifest.place import Mistake, Place, declared_workers
from orchestrator.manifest.translate import did_you_mean
from orchestrator.urls import check_endpoint


def autopilots_without_a_way(root: Place) -> Iterator[Mistake]:
    """Each autopilot has an endpoint or a Worker, and the Worker is declared somewhere in the file."""
    workers = list(declared_workers(root))
    declared = {name for worker in workers if (name := worker.named())}
    readable = all(_is_readable(autopilot["needs"]) for autopilot in root["autopilots"].items())
    router = root["orchestrator"]["worker"].text
    for autopilot in root["autopilots"].items():
        worker = autopilot["worker"]
        if not isinstance(autopilot.value, dict):
            continue
        if "worker" not in autopilot.value and "endpoint" not in autopilot.value:
            yield Mistake(
                path=autopilot["name"].path,
                code="unreachable-autopilot",
                message=f"the autopilot `{autopilot.named()}` has neither `endpoint` nor `worker`",
                hint="say where it answers: `endpoint: https://…`, or `worker:` with the name of a declared Worker",
            )
        elif worker.text and worker.text not in declared and readable:
            itself = worker.text == router
            yield Mistake(
                path=worker.path,
                code="unknown-worker",
                message=f"the Worker `{worker.text}` is {'the orchestrator itself' if itself else 'declared nowhere'}",
                hint=did_you_mean(worker.text, declared, "declare it under `needs.workers` of an autopilot"),
            )


def tail_consumers(root: Place) -> Iterator[Mistake]:
    """Each is a declared Worker, which is made before the Worker whose logs it gets: no circle of them can be made."""
    workers = list(declared_workers(root))
    declared = {name for worker in workers if (name := worker.named())}
    readable = all(_is_readable(autopilot["needs"]) for autopilot in root["autopilots"].items())
    graph: dict[str, list[str]] = {}
    for worker in workers:
        for item in worker["tailConsumers"].items():
            if item.text and item.text not in declared and readable:
                hint = did_you_mean(item.text, declared, "declare it under `needs.workers` of an autopilot")
                message = f"the Worker `{item.text}`, which is to get logs, is declared nowhere"
                yield Mistake(path=item.path, code="unknown-worker", message=message, hint=hint)
            elif item.text:
                graph.setdefault(worker.named() or "", []).append(item.text)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = error.args[1]
        place = next(worker for worker in workers if worker.named() == circle[1])["tailConsumers"]
        message = f"Workers would get each other's logs in a circle: {' -> '.join(reversed(circle))}"
        hint = "take one of them out of `tailConsumers`"
        yield Mistake(path=place.path, code="tail-circle", message=message, hint=hint, at_key=True)


def dates_to_come(root: Place, today: date) -> Iterator[Mistake]:
    """Cloudflare takes no compatibility date that is to come (error 10021); its day is that of UTC."""
    for worker in declared_workers(root):
        given = worker["compatibilityDate"]
        if re.fullmatch(r"\d{4}-\d\d-\d\d", given.text or "") and str(given.text) > today.isoformat():
            yield Mistake(
                path=given.path,
                code="compatibility-date-to-come",
                message=f"the compatibility date {given.text} is to come, so Cloudflare does not take it",
                hint=f"today is {today} (UTC); a later day can be set when it has come",
            )


def missing_sources(root: Place, is_there: Callable[[str], bool]) -> Iterator[Mistake]:
    """A `source:` that is no file; `is_there` is told its path as it stands there, relative to the project's folder."""
    for worker in declared_workers(root):
        given = worker["source"]
        if given.text and not is_there(given.text):
            yield Mistake(
                path=given.path,
                code="no-such-file",
                message=f"no such file: {given.text}",
                hint="name the Worker's entry point in `source:`, relative to the project's folder",
            )


def _is_readable(needs: Place) -> bool:
    """Whether the declared Workers can be known: a `needs` or `workers` of another type is another check's business."""
    return needs.is_absent or (isinstance(needs.value, dict) and isinstance(needs.value.get("workers", []), list))


def unsupported_capabilities(root: Place) -> Iterator[Mistake]:
    """A task whose capability nobody has. Not asked while some autopilot's capabilities cannot be read."""
    known: set[str] = set()
    if not isinstance(root["autopilots"].value, list):
        return
    for autopilot in root["autopilots"].items():
        if not isinstance(autopilot["capabilities"].value, list):
            return
        known.update(filter(None, (capability.text for capability in autopilot["capabilities"].items())))
    for _, task in root["tasks"].entries():
        capability = task["capability"]
        if capability.text and capability.text not in known:
            yield Mistake(
                path=capability.path,
                code="unsupported-capability",
                message=f"No autopilot currently supports {capability.text}",
                hint=did_you_mean(capability.text, known, "add the capability to an autopilot, or remove the task"),
            )


def tasks_that_differ_in_once(root: Place) -> Iterator[Mistake]:
    """`once` guards the capability: through a task without it, the same thing could be done a second time."""
    guarded: dict[str, tuple[str, int]] = {}
    for name, task in root["tasks"].entries():
        capability = task["capability"].text
        if capability and task["once"].value is True:
            guarded.setdefault(capability, (name, task["once"].line))
    for name, task in root["tasks"].entries():
        capability = task["capability"].text
        if capability in guarded and task["once"].value in (None, False):
            other, line = guarded[capability]
            yield Mistake(
                path=task["capability"].path,
                code="once-differs",
                message=f"the task `{name}` has the capability `{capability}`, which must never be used twice for one "
                f"thing (`{other}`, line {line})",
                hint=f"write `once: true` here too, or take it off `{other}`",
            )


def tasks_of_schedules(root: Place) -> Iterator[Mistake]:
    """A schedule's task is a task of the file."""
    if not isinstance(root["tasks"].value, dict | None):
        return
    known = [name for name, _ in root["tasks"].entries()]
    for name, schedule in root["schedules"].entries():
        task = schedule["task"]
        if task.text and task.text not in known:
            yield Mistake(
                path=task.path,
                code="unknown-task",
                message=f"the schedule `{name}` asks for `{task.text}`, which is no task",
                hint=did_you_mean(task.text, known, "declare it under `tasks`, or take the schedule out"),
            )


def metas_of_schedules(root: Place, catalog: Mapping[str, Mapping[str, Any]]) -> Iterator[Mistake]:
    """What a schedule gives its task is what the catalogue says that it takes; `catalog`: the schemas by capability."""
    for name, schedule in root["schedules"].entries():
        task, meta = schedule["task"].text or "", schedule["meta"]
        capability = root["tasks"][task]["capability"].text or ""
        if capability not in catalog or not isinstance(meta.value, dict | None):
            continue
        for mistake in mistakes_of(catalog[capability], meta.value or {}, "/meta"):
            yield Mistake(
                path=(*schedule.path, *_parts(mistake["pointer"], schedule.value)),
                code="schedule-meta",
                message=f"the schedule `{name}` gives `{task}` what it does not take: "
                f"{mistake['pointer']} {mistake['message']}",
                hint=f"catalog/capabilities/{capability}.yaml says what it takes",
            )


def _parts(pointer: str, value: Any) -> Iterator[str | int]:
    """The path of a JSON Pointer into `value`."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list):
            yield int(name)
            value = value[int(name)]
        else:
            yield name
            value = value.get(name) if isinstance(value, dict) else None


def callbacks(root: Place) -> Iterator[Mistake]:
    """The URL rules hold for what is told of a run, too."""
    for name, task in root["tasks"].entries():
        callback = task["async"]["callback"]
        if callback.text and (refusal := check_endpoint(callback.text)):
            yield Mistake(
                path=callback.path,
                code=f"callback-{refusal.code}",
                message=f"`{callback.text}` cannot be the callback of the task `{name}`: {refusal.message}",
                hint="for example https://shop.example.com/hooks/tasks",
            )


def tasks_of_callers(root: Place) -> Iterator[Mistake]:
    """A caller's tasks are tasks of the file, and it may plan them."""
    if not isinstance(root["tasks"].value, dict | None):
        return
    known = [name for name, _ in root["tasks"].entries()]
    for name, caller in root["callers"].entries():
        for task in caller["tasks"].items():
            if task.text and task.text not in known:
                yield Mistake(
                    path=task.path,
                    code="unknown-task",
                    message=f"the caller `{name}` may ask for `{task.text}`, which is no task",
                    hint=did_you_mean(task.text, known, "declare it under `tasks`, or take it out"),
                )
        rights = [right.text for right in caller["may"].items()]
        if rights and caller["tasks"].value and "plan" not in rights:
            yield Mistake(
                path=caller["tasks"].path,
                code="tasks-without-plan",
                message=f"the caller `{name}` has `tasks` and may not `plan`",
                hint="add `plan` to its `may`, or take its `tasks` out",
                at_key=True,
            )


def contradictions(root: Place) -> Iterator[Mistake]:
    """Settings that exclude each other."""
    for name, task in root["tasks"].entries():
        if task["once"].value is True and task["idempotent"].value is True:
            yield Mistake(
                path=task["idempotent"].path,
                code="once-and-idempotent",
                message=f"the task `{name}` is both `once` (never do it twice) and `idempotent` (may be done twice)",
                hint="keep `once` for what moves money, `idempotent` for what may be retried",
                at_key=True,
            )
        if task["once"].value is True and task["stream"].value is True:
            yield Mistake(
                path=task["stream"].path,
                code="once-and-stream",
                message=f"the task `{name}` is both `once` and `stream`: how a `once` task ended is recorded before "
                "its answer is told, and a streamed answer is told before it has ended",
                hint="take `stream` out; a `once` task's answer comes whole",
                at_key=True,
            )
    for worker in declared_workers(root):
        if not isinstance(worker.value, dict) or ("source" in worker.value) != ("content" in worker.value):
            continue
        both = "source" in worker.value
        yield Mistake(
            path=worker["content" if both else "name"].path,
            code="source-or-content",
            message=f"the Worker `{worker.named()}` has {'both' if both else 'neither'} `source` "
            f"{'and' if both else 'nor'} `content`",
            hint="give exactly one of them",
            at_key=both,
        )


def endpoints(root: Place) -> Iterator[Mistake]:
    """The URL rules. The account's subdomain is not known here, so any `<router>.….workers.dev` counts as our own."""
    router = root["orchestrator"]["worker"].text
    patterns = [host.text or "" for host in root["orchestrator"]["allowedHosts"].items()]
    allowed = patterns if all(re.fullmatch(HOST_PATTERN, pattern) for pattern in patterns) else []
    for autopilot in root["autopilots"].items():
        endpoint = autopilot["endpoint"]
        if endpoint.text is None:
            continue
        host = endpoint.text.removeprefix("https://").partition("/")[0].removesuffix(":443")
        own = [host] if router and host.startswith(f"{router}.") and host.endswith(".workers.dev") else []
        if refusal := check_endpoint(endpoint.text, own_hosts=own, allowed_hosts=allowed):
            yield Mistake(
                path=endpoint.path,
                code=f"endpoint-{refusal.code}",
                message=f"`{endpoint.text}` cannot be an endpoint: {refusal.message}",
                hint="for example https://autopilot.example.com/",
            )


def registry_namespace(root: Place) -> Iterator[Mistake]:
    """The routing Worker keeps copies of registrations in REGISTRY."""
    listed = root["orchestrator"]["kvNamespaces"]
    bound = {bound_as(item, "title") for item in listed.items()}
    if isinstance(listed.value, list) and names.REGISTRY not in bound:
        yield Mistake(
            path=listed.path,
            code="missing-registry",
            message="the orchestrator's KV namespaces lack `REGISTRY`, where registrations are kept for reading",
            hint="add REGISTRY to the list",
            at_key=True,
        )
