"""What a day of 100,000 tasks costs of the free plan: rows of D1, writes of KV, subrequests of the worst scheduled run.

    python -m bench.budget                  # some minutes
    python -m bench.budget --tasks 20000    # more of the day really sent

A scaled day: it is sent in parts, to 40 isolates of the router that share one D1. What one of each part costs is
counted exactly, by what D1 tells of each statement and by each call of KV and of an autopilot, and multiplied by how
many a day has. Of 40 isolates hardly two entries of the journal share a write: the dearest day there is. What is pruned
is counted as what was written.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.fleet import AUTHORIZED, PLAN, SETTINGS, worker
from orchestrator.bundle.modules import bundle, router_data
from orchestrator.routing.table import Route, RoutingTable, TaskRule
from tests.support.project import ROOT
from tests.support.workerd import EACH_ITS_OWN, running_workerd

ISOLATES = 40
AUTOPILOTS = 30  # more than one scheduled run probes
DAY = 100_000
CAP = 30_000  # MAX_A_DAY of router/src/journal/journal.ts
RUNS = 96
#: Per day on the free plan (docs: Cloudflare's pages of limits), and the subrequests of one run.
FREE = {"rowsRead": 5_000_000, "rowsWritten": 100_000, "kvReads": 100_000, "kvWrites": 1_000}
SUBREQUESTS = 50
SPARE = 0.75

_NAMES = [f"autopilot-{number:02}" for number in range(AUTOPILOTS)]
TABLE = RoutingTable(
    autopilots=tuple(
        Route(
            name=name, capabilities=(f"work.{name}", f"pay.{name}"), worker="autopilot", binding=f"AUTOPILOT_{number}"
        )
        for number, name in enumerate(_NAMES)
    ),
    tasks={
        **{f"work-{name}": TaskRule(capability=f"work.{name}") for name in _NAMES},
        **{f"pay-{name}": TaskRule(capability=f"pay.{name}", once=True) for name in _NAMES},
    },
)
Use = dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one of `name` used, and how many of them a day has."""

    name: str
    each: Use
    times: int


class Isolates:
    """The routers; `cost` counts what some calls used."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, headers=AUTHORIZED, timeout=120, limits=EACH_ITS_OWN)
        self.largest_run = 0
        self.last = ""  # what was last refused, and why

    def sql(self, statement: str, *values: object) -> list[dict[str, int]]:
        sent = {"sql": statement, "values": values}
        rows: list[dict[str, int]] = self._client.post("/sql", json=sent, headers={"host": "records.localhost"}).json()
        return rows

    def call(self, number: int, method: str, path: str, body: object = None, **headers: str) -> int:
        host = {"host": f"isolate-{number % ISOLATES}.localhost"}
        answer = self._client.request(method, path, json=body, headers=host | headers)
        self.last = answer.text if answer.status_code >= 400 else self.last
        return answer.status_code

    def cost(self, times: int, call: Callable[[int], int], statuses: Sequence[int], at_once: int = 4) -> Use:
        """Of one, by the mean; after what is written after the answers has been written."""
        self._counts()
        with ThreadPoolExecutor(at_once) as pool:
            answered = set(pool.map(call, range(times)))
        assert answered <= set(statuses), self.last
        time.sleep(1.0)  # entries of the journal are written a tenth of a second after the answer
        total = self._counts()
        return {name: amount / times for name, amount in total.items()}

    def _counts(self) -> Use:
        total: Use = {}
        for number in range(ISOLATES):
            host = {"host": f"isolate-{number}.localhost"}
            counts = self._client.get("/_counts", headers=host).json()
            self.largest_run = max(self.largest_run, counts.pop("largestRun"))
            for name, amount in counts.items():
                total[name] = total.get(name, 0) + amount
        return total


@contextmanager
def isolates() -> Iterator[Isolates]:
    sources = {
        "counted": "bench/workers/counted_router.ts",
        "autopilot": "bench/workers/autopilot.ts",
        "records": "tests/support/records_worker.ts",
    }
    build = Path(".build/bench-budget")
    modules = bundle(sources=sources, contents={}, data=router_data(TABLE, root=ROOT), root=ROOT, build=build)
    storage = {"d1Databases": {"DB": "records"}, "kvNamespaces": {"REGISTRY": "copy"}}
    bound = {str(route.binding): "autopilot" for route in TABLE.autopilots}
    given = {"bindings": SETTINGS, "serviceBindings": bound, **storage}
    names = [f"isolate-{number}" for number in range(ISOLATES)]
    workers = [worker(name, modules["counted"].path, routes=[f"{name}.localhost/*"], **given) for name in names]
    workers.append(worker("records", modules["records"].path, routes=["records.localhost/*"], **storage))
    workers.append(worker("autopilot", modules["autopilot"].path))
    for each in workers:
        del each["unsafeDirectSockets"]
    with (ROOT / build / "workers.log").open("w") as log, running_workerd(workers, log=log) as running:
        yield Isolates(running.url)


def measured(day: Isolates, tasks: int) -> list[Part]:
    """The parts of a day of 100,000 requests."""

    def plan(task: str) -> Callable[[int], int]:
        return lambda n: day.call(n, "POST", PLAN, {"task": f"{task}-{_NAMES[n % AUTOPILOTS]}", "meta": {}})

    def pay(n: int) -> int:
        body = {"task": f"pay-{_NAMES[n % AUTOPILOTS]}", "meta": {}}
        return day.call(n, "POST", PLAN, body, **{"idempotency-key": f"{time.time_ns()}-{n}"})

    for number in range(ISOLATES):  # an isolate's first look at the schema and the snapshot
        day.call(number, "POST", PLAN, {"task": "work-autopilot-00"})
    few = max(200, tasks // 20)
    wrong = day.cost(few, lambda n: day.call(n, "POST", PLAN, {"task": ["wrong"]}), [422])
    nobody = day.cost(few, lambda n: day.call(n, "POST", PLAN, {"task": "nobody.can"}), [404])
    paid = day.cost(few, pay, [200])
    working = day.cost(tasks, plan("work"), [200])
    scheduled = day.cost(3, lambda _: day.call(0, "POST", "/__scheduled"), [200], at_once=1)
    figures = day.cost(20, lambda n: day.call(n, "GET", "/autopilot/stats"), [200])
    day.sql("UPDATE journal SET serial = ?", CAP)
    full = day.cost(tasks, plan("work"), [200])
    entries = CAP + 400  # and a payout's
    for part in (working, full):  # each isolate looks at the snapshot once a minute, however many tasks it gets
        part["kvReads"] = 0
    pruned = {"rowsRead": 2.0, "rowsWritten": 1.0}
    return [
        Part(name="tasks while there is room", each=working, times=CAP - 2_000),
        Part(name="wrong requests", each=wrong, times=1_000),
        Part(name="tasks for nobody", each=nobody, times=1_000),
        Part(name="tasks when the day is full", each=full, times=DAY - CAP - 200),
        Part(name="payouts", each=paid, times=200),
        Part(name="scheduled runs", each=scheduled, times=RUNS),
        Part(name="isolates' minutes", each={"kvReads": 1.0}, times=ISOLATES * 24 * 60),
        Part(name="calls for figures", each=figures, times=500),
        Part(name="entries that are pruned", each=pruned, times=entries),
    ]


def report(parts: Sequence[Part], largest_run: int) -> bool:
    """Prints the sums; whether all are below the free plan with a quarter to spare."""
    print(f"{'a day':34}" + "".join(f"{name:>14}" for name in FREE))
    for part in parts:
        used = "".join(f"{part.each.get(name, 0) * part.times:14,.0f}" for name in FREE)
        print(f"{part.times:7,} {part.name:26}" + used)
    sums = {name: sum(part.each.get(name, 0) * part.times for part in parts) for name in FREE}
    print(f"{'sum':34}" + "".join(f"{amount:14,.0f}" for amount in sums.values()))
    print(f"{'of the free plan':34}" + "".join(f"{sums[name] / FREE[name]:14.0%}" for name in FREE))
    paid = next(part.each for part in parts if part.name == "payouts")
    more = (FREE["rowsWritten"] - sums["rowsWritten"]) / (2 * paid["rowsWritten"])
    print(
        f"a payout: {paid['rowsWritten']:.1f} rows written, and at most as many when it is pruned; "
        f"left beside all this: {more:,.0f} payouts a day"
    )
    print(f"subrequests of the largest scheduled run: {largest_run} of {SUBREQUESTS}")
    return all(sums[name] <= SPARE * FREE[name] for name in FREE) and largest_run <= SUBREQUESTS * SPARE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=2_000, help="really sent in each of the two parts; default: 2000")
    parser.add_argument("--json", action="store_true", help="the parts as JSON, too")
    options = parser.parse_args()
    with isolates() as day:
        parts = measured(day, options.tasks)
        is_within = report(parts, day.largest_run)
    if options.json:
        print(json.dumps([vars(part) for part in parts]))
    raise SystemExit(0 if is_within else 1)


if __name__ == "__main__":
    main()
