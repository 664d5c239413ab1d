"""The routing Worker under load for a while: mixed tasks, two autopilots that fail on and off, and tasks that must
never be done twice, each of them sent several times at once.

    python -m bench.soak --minutes 10
    python -m bench.soak --minutes 1 --callers 32

Prints requests, errors by title, latencies, workerd's memory at the start and at the end, and how often a key of such a
task arrived at its autopilot. Exit code 1 when one arrived twice, when a caller was told of a success that did not
arrive, or when the router itself failed.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import threading
import time
import urllib.request
import uuid
from collections import Counter
from dataclasses import dataclass, field

from bench.connection import Connection, message
from bench.fleet import AUTHORIZED, PLAN, Fleet, fleet
from bench.processes import memory_mb
from orchestrator.routing.table import Resources, Route, RoutingTable, TaskRule

AUTOPILOTS = {"steady": {}, "shaky": {"FAILS_FOR_MS": "20000"}, "moody": {"FAILS_FOR_MS": "7000"}}
TABLE = RoutingTable(
    autopilots=(
        Route(name="moody", capabilities=("moody.do", "money.send"), worker="moody", binding="MOODY"),
        Route(name="shaky", capabilities=("shared.do",), priority=1, worker="shaky", binding="SHAKY"),
        Route(name="steady", capabilities=("shared.do", "steady.do", "money.pay"), worker="steady", binding="STEADY"),
    ),
    tasks={
        "work": TaskRule(capability="steady.do"),
        "share": TaskRule(capability="shared.do"),
        "try": TaskRule(capability="moody.do", idempotent=True),
        "hurry": TaskRule(capability="steady.do", timeout_ms=40),
        "pay": TaskRule(capability="money.pay", once=True),
        "send": TaskRule(capability="money.send", once=True),
    },
    declared=Resources(kv_namespaces=("REGISTRY",), workers=tuple(AUTOPILOTS)),
)
MIX = {"work": 50, "share": 20, "try": 10, "hurry": 5, "pay": 8, "send": 4, "nobody.can": 2, "explain": 1}
KEYS_AT_ONCE = 4  # so that many callers have the same one at the same time


@dataclass
class Tally:
    """What one caller saw. `paid` has the keys whose success it was told of."""

    latencies: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    paid: set[str] = field(default_factory=set)


class Keys:
    """A few keys at a time, handed out at random; a used one makes room for a new one now and then."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._lock = threading.Lock()
        self._current = [uuid.uuid4().hex for _ in range(KEYS_AT_ONCE)]

    def take(self) -> str:
        with self._lock:
            place = self._rng.randrange(KEYS_AT_ONCE)
            key = self._current[place]
            if self._rng.random() < 0.2:
                self._current[place] = uuid.uuid4().hex
            return key


def call(url: str, until: float, keys: Keys, tally: Tally, seed: int) -> None:
    """One caller: a task after the other until the time is over."""
    rng = random.Random(seed)  # noqa: S311 - what comes next, no secret
    connection = Connection(url)
    while time.monotonic() < until:
        task = rng.choices(list(MIX), list(MIX.values()))[0]
        key = f"{task}-{keys.take()}" if task in ("pay", "send") else None
        sent = message(url, PLAN, _body(task, key, rng), AUTHORIZED | ({"idempotency-key": key} if key else {}))
        started = time.perf_counter()
        try:
            status, answer = connection.send(sent)
        except OSError as error:
            tally.broken[type(error).__name__] += 1
            connection.close()
            connection = Connection(url)
            continue
        tally.latencies.append(time.perf_counter() - started)
        if status >= 400:
            tally.errors[f"{status} {_title(answer)}"] += 1
        elif key:
            tally.paid.add(key)
    connection.close()


def _title(answer: bytes) -> str:
    try:
        return str(json.loads(answer)["title"])
    except (ValueError, KeyError):
        return f"(no problem document) {answer[:80]!r}"


def _body(task: str, key: str | None, rng: random.Random) -> dict[str, object]:
    if task == "explain":
        return {"task": "work", "explain": True}
    if key:
        return {"task": task, "meta": {"key": key, "ms": 5}}
    return {"task": task, "meta": {"text": "x" * rng.choice([10, 1_000, 20_000]), "ms": rng.choice([0, 0, 5, 60])}}


def load(started: Fleet, *, minutes: float, callers: int) -> tuple[list[Tally], list[int]]:
    """Let them all call; what each saw, and the memory in MB at the start and after each tenth of the time."""
    begun = time.monotonic()
    until = begun + 60 * minutes
    memory = [memory_mb(started.running.pid)]
    keys = Keys(random.Random(0))  # noqa: S311
    tallies = [Tally() for _ in range(callers)]
    threads = [
        threading.Thread(target=call, args=(started.running.own["router"], until, keys, tally, seed))
        for seed, tally in enumerate(tallies)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        for thread in threads:
            thread.join(timeout=10 / callers)
        if time.monotonic() - begun >= 6 * minutes * len(memory):
            memory.append(memory_mb(started.running.pid))
        if sys.stderr.isatty():
            done = sum(len(tally.latencies) for tally in tallies)
            print(f"\r{max(0, until - time.monotonic()):5.0f} s to go, {done} answers", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return tallies, memory


def arrived(started: Fleet) -> Counter[str]:
    """How often each key arrived at an autopilot."""
    counts: Counter[str] = Counter()
    for name in AUTOPILOTS:
        with urllib.request.urlopen(started.running.own[name]) as answer:  # noqa: S310 - of this workerd
            counts.update(json.load(answer))
    return counts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10, help="default: 10")
    parser.add_argument("--callers", type=int, default=16, help="at once; default: 16")
    options = parser.parse_args()
    with fleet(TABLE, AUTOPILOTS) as started:
        load(started, minutes=0.05, callers=options.callers)  # until the code is compiled
        begun = time.monotonic()
        tallies, memory = load(started, minutes=options.minutes, callers=options.callers)
        seconds = time.monotonic() - begun
        counts = arrived(started)
    latencies = sorted(latency for tally in tallies for latency in tally.latencies)
    errors = sum((tally.errors for tally in tallies), Counter[str]())
    broken = sum((tally.broken for tally in tallies), Counter[str]())
    invented = {key for tally in tallies for key in tally.paid} - counts.keys()
    print(f"requests: {len(latencies)} in {seconds:.0f} s, {len(latencies) / seconds:.0f}/s")
    print(f"latency: p50 {1000 * latencies[len(latencies) // 2]:.1f} ms", end=", ")
    print(f"p99 {1000 * latencies[len(latencies) * 99 // 100]:.1f} ms")
    for title, count in errors.most_common():
        print(f"  {count:8}  {title}")
    shown = f" ({', '.join(broken)})" if broken else ""
    print(f"connections interrupted: {sum(broken.values())}{shown}")
    shown = " ".join(map(str, memory))
    print(f"memory of workerd and its parent in MB, at the start and after each tenth: {shown}")
    print(f"keys of tasks that must not be done twice: {len(counts)}, calls per key: {max(counts.values(), default=0)}")
    print(f"successes told of calls that did not arrive: {len(invented)}")
    faults = [title for title in errors if title.startswith("500") or "(no problem document)" in title]
    return 1 if faults or broken or invented or max(counts.values(), default=0) > 1 else 0


if __name__ == "__main__":
    sys.exit(main())
