"""What the routing Worker costs: `POST /autopilot/plan` against a call of the autopilot itself, against a Worker of ten
lines that only forwards (bench/workers/forwarder.ts), and against two that are made with Hono: a bare one, and one with
about the same duties (bench/workers/hono_bare.ts, hono_duties.ts).

    python -m bench.router                  # about half a minute
    python -m bench.router --rounds 40      # on a busy machine

All are in one workerd, each with a socket of its own; the autopilot is behind a service binding. The router has
its token check, decision, signature and journal on. They take turns, round by round, so that what else the machine
does falls on each alike. Of each round's figures the medians are printed, and the router's as ratios to the others.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from bench.connection import Connection, message
from bench.fleet import AUTHORIZED, PLAN, fleet
from bench.processes import cpu_seconds
from orchestrator.routing.table import Resources, Route, RoutingTable, TaskRule
from tests.support.workerd import Running

TABLE = RoutingTable(
    autopilots=(Route(name="autopilot", capabilities=("work.do",), worker="autopilot", binding="AUTOPILOT"),),
    tasks={"work": TaskRule(capability="work.do")},
    declared=Resources(kv_namespaces=("REGISTRY",), workers=("autopilot",)),
)
META = {"brand": "efh", "title": "A page", "sections": [{"heading": f"Part {n}", "text": "x" * 60} for n in range(8)]}
BODY = {"task": "work", "meta": META}
TARGETS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "autopilot": ("/", {}),
    "forwarder": ("/", {}),
    "hono": (PLAN, AUTHORIZED),
    "hono-duties": (PLAN, AUTHORIZED),
    "router": (PLAN, AUTHORIZED),
}
COLUMNS = ("p50 ms", "p99 ms", "requests/s", "CPU ms/request")


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Of one target in one round: latencies of one caller alone, and requests per second of several at once."""

    p50: float
    p99: float
    throughput: float
    cpu: float  # of workerd, for a request among several at once

    def values(self) -> tuple[float, ...]:
        return (self.p50, self.p99, self.throughput, self.cpu)


def measure(running: Running, name: str, *, requests: int, callers: int) -> Figures:
    """One round of one target."""
    path, headers = TARGETS[name]
    url = running.own[name]
    sent = message(url, path, BODY, headers)
    latencies = sorted(ask(url, sent, requests))
    before, started = cpu_seconds(running.pid), time.perf_counter()
    threads = [threading.Thread(target=ask, args=(url, sent, requests // callers)) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = requests // callers * callers
    seconds = time.perf_counter() - started
    cpu = cpu_seconds(running.pid) - before
    return Figures(
        p50=1000 * latencies[len(latencies) // 2],
        p99=1000 * latencies[len(latencies) * 99 // 100],
        throughput=done / seconds,
        cpu=1000 * cpu / done,
    )


def ask(url: str, sent: bytes, times: int) -> list[float]:
    """Seconds until the answer, of each."""
    latencies = []
    with Connection(url) as connection:
        for _ in range(times):
            started = time.perf_counter()
            status, body = connection.send(sent)
            latencies.append(time.perf_counter() - started)
            assert status == 200, body
    return latencies


def report(measured: Mapping[str, list[Figures]]) -> None:
    """The medians, and the medians of each round's ratios."""
    print(f"{'':26}" + "".join(f"{column:>16}" for column in COLUMNS))
    for name, rounds in measured.items():
        medians = [statistics.median(each) for each in zip(*(figures.values() for figures in rounds), strict=True)]
        print(f"{name:26}" + "".join(f"{median:16.3f}" for median in medians))
    for name in (name for name in TARGETS if name != "router"):
        pairs = zip(measured["router"], measured[name], strict=True)
        ratios = [[a / b if b else 1 for a, b in zip(r.values(), o.values(), strict=True)] for r, o in pairs]
        medians = [statistics.median(each) for each in zip(*ratios, strict=True)]
        print(f"{f'router / {name}':26}" + "".join(f"{median:16.2f}" for median in medians))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="how often they take turns; default: 15")
    parser.add_argument("--requests", type=int, default=400, help="of each in a round; default: 400")
    parser.add_argument("--callers", type=int, default=8, help="at once, for the throughput; default: 8")
    options = parser.parse_args()
    with fleet(TABLE, {"autopilot": {}}, forwarder_to="autopilot") as started:
        running = started.running
        for name in TARGETS:  # until the code is compiled and every connection is made
            measure(running, name, requests=1000, callers=options.callers)
        measured: dict[str, list[Figures]] = {name: [] for name in TARGETS}
        for _ in range(options.rounds):
            for name, rounds in measured.items():
                rounds.append(measure(running, name, requests=options.requests, callers=options.callers))
    report(measured)
    print(f"the router's script: {started.router_bytes / 1024:.1f} KB after gzip")


if __name__ == "__main__":
    main()
