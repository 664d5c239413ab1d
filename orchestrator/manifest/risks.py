"""What of an edit of the file deserves a second look: guards taken off, rights given, addresses opened, times changed.

For the comment on a pull request, which shows these first. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from orchestrator.manifest.models import Caller, Manifest, Task
from orchestrator.manifest.needs import WorkerScript

_T = TypeVar("_T")


def risks(before: Manifest, after: Manifest) -> list[str]:
    """A sentence for each, the gravest kind first; none where nothing of the kind changed."""
    old_workers, new_workers = _workers(before), _workers(after)
    tasks, workers = _both(before.tasks, after.tasks), _both(old_workers, new_workers)
    return [
        *(each for name, old, new in tasks for each in _guards(name, old, new)),
        *(each for name, new in after.callers.items() for each in _rights(name, before.callers.get(name), new)),
        *_no_more_callers(before, after),
        *(each for name, new in new_workers.items() for each in _addresses(name, old_workers.get(name), new)),
        *_openings(before, after),
        *(each for name, old, new in tasks for each in _times(name, old, new)),
        *_crons(before.orchestrator.worker, [before.orchestrator.cron], [after.orchestrator.cron]),
        *(each for name, old, new in workers for each in _crons(name, old.crons, new.crons)),
        *_schedules(before, after),
    ]


def _guards(name: str, old: Task, new: Task) -> Iterator[str]:
    if old.once and not new.once:
        yield f"task {name}: `once` is taken off, so a repeated request does it again"
    if new.idempotent and not old.idempotent:
        yield f"task {name}: it is now `idempotent`, so it is sent again where its outcome is not known"
    if old.capability != new.capability:
        yield f"task {name}: it is now {new.capability}, before {old.capability}"


def _rights(name: str, old: Caller | None, new: Caller) -> Iterator[str]:
    gained = sorted(set(new.may) - set(old.may if old else ()))
    if gained:
        yield f"caller {name}{'' if old else ' (new)'} may now {', '.join(gained)}"
    if "plan" not in new.may:
        return
    had_all = old is not None and "plan" in old.may and not old.tasks
    if not new.tasks and not had_all:
        yield f"caller {name} may now ask for every task"
    elif old is None or not had_all:
        had = old.tasks if old and "plan" in old.may else ()
        if more := sorted(set(new.tasks) - set(had)):
            yield f"caller {name} may now ask for {', '.join(more)}"


def _no_more_callers(before: Manifest, after: Manifest) -> Iterator[str]:
    if before.callers and not after.callers:
        yield "no callers are declared any more: who asked for a payout may approve it"


def _addresses(name: str, old: WorkerScript | None, new: WorkerScript) -> Iterator[str]:
    if new.public and not (old and old.public):
        yield f"Worker {name}: it answers everybody under workers.dev (`public: true`)"
    for host in sorted(set(new.domains) - set(old.domains if old else ())):
        yield f"Worker {name}: it answers everybody at {host}"


def _openings(before: Manifest, after: Manifest) -> Iterator[str]:
    old, new = before.orchestrator, after.orchestrator
    for origin in sorted(set(new.allowed_origins) - set(old.allowed_origins)):
        yield f"web pages of {origin} may call the router from a browser"
    if old.allowed_hosts and not new.allowed_hosts:
        yield "endpoints may have every public host (`allowedHosts` is taken off)"
    elif old.allowed_hosts:
        for host in sorted(set(new.allowed_hosts) - set(old.allowed_hosts)):
            yield f"endpoints may now have the host {host}"


def _times(name: str, old: Task, new: Task) -> Iterator[str]:
    if old.timeout != new.timeout:
        yield f"task {name}: its timeout is {new.timeout} s, before {old.timeout} s"


def _crons(name: str, old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    if sorted(old) != sorted(new):
        yield f"Worker {name}: its cron triggers are {', '.join(new) or 'none'}, before {', '.join(old) or 'none'}"


def _schedules(before: Manifest, after: Manifest) -> Iterator[str]:
    old, new = (
        {name: f"{each.task} {each.every} {each.timezone}" for name, each in manifest.schedules.items()}
        for manifest in (before, after)
    )
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield f"schedule {name}: {new.get(name, 'none')}, before {old.get(name, 'none')}"


def _workers(manifest: Manifest) -> dict[str, WorkerScript]:
    return {worker.name: worker for worker in manifest.workers}


def _both(old: Mapping[str, _T], new: Mapping[str, _T]) -> list[tuple[str, _T, _T]]:
    """What is in both, by name."""
    return [(name, old[name], new[name]) for name in sorted(old.keys() & new.keys())]
