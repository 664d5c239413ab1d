"""GET /metrics, read as Prometheus reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import httpx

from tests.support.journals import AUTHORIZED, Journal
from tests.support.project import ROOT
from tests.support.watching import World
from tests.support.workers import TOKEN

SAMPLE = re.compile(r'^([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\})? (\S+)$')

NAME = re.compile(r"orchestrator_\w+")


def samples(text: str) -> dict[str, float]:
    """Each sample's value by its name with labels; each has a HELP and a TYPE before it."""
    described = {line.split(" ")[2] for line in text.splitlines() if line.startswith("# TYPE ")}
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        sample = SAMPLE.fullmatch(line)
        assert sample, line
        assert re.sub("_(sum|count)$", "", sample[1]) in described, line
        found[line.rpartition(" ")[0]] = float(sample[3])
    assert text.endswith("\n")
    return found


def test_tasks_are_counted_and_timed(empty_journal: Journal) -> None:
    for task in ("echo", "echo", "no_such_task"):
        empty_journal.entry(empty_journal.plan(task))

    answer = empty_journal.get("/metrics")

    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = samples(answer.text)
    assert found['orchestrator_tasks_total{autopilot="echo",outcome="done",error="false"}'] == 2
    assert found['orchestrator_tasks_total{autopilot="",outcome="nobody",error="false"}'] == 1
    assert found['orchestrator_task_duration_seconds_count{autopilot="echo"}'] == 2
    assert found['orchestrator_task_duration_seconds{autopilot="echo",quantile="0.95"}'] < 30
    assert found['orchestrator_build_info{build="build-7",stage="prod"}'] == 1


def test_what_the_scheduled_run_found_is_in_it(world: World) -> None:
    router = world.router()
    assert "orchestrator_autopilot_status" not in router.request("GET", "/metrics").text
    world.answers({"a.example.com/health": {"status": 500}})
    router.run(3)

    found = samples(router.request("GET", "/metrics").text)

    assert found['orchestrator_autopilot_status{autopilot="pair-a",status="fail"}'] == 1
    assert found['orchestrator_autopilot_status{autopilot="pair-a",status="pass"}'] == 0
    assert found['orchestrator_autopilot_status{autopilot="pair-b",status="pass"}'] == 1
    assert found["orchestrator_missing_resources"] == 0
    assert found["orchestrator_last_scheduled_run_timestamp_seconds"] > 1_700_000_000


def test_it_needs_the_right_to_read(client: Callable[[str], httpx.Client]) -> None:
    assert client("router").get("/metrics").status_code == 401
    assert client("router").get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert client("router").get("/metrics?name=x", headers=AUTHORIZED).status_code == 400


NOT_ON_THE_BOARD = {
    "orchestrator_autopilot_last_probe_timestamp_seconds": "as old as the last scheduled run, which has a panel",
    "orchestrator_waiting_run_attempts": "for alerts: how long tasks wait has a panel",
    "orchestrator_build_info": "to be joined to others",
}


def test_the_board_has_each_metric_and_no_other() -> None:
    board = json.loads((ROOT / "docs/grafana/orchestrator.json").read_text())
    source = (ROOT / "router/src/metrics/endpoint.ts").read_text()
    asked = {name for panel in board["panels"] for each in panel["targets"] for name in NAME.findall(each["expr"])}

    assert asked == set(NAME.findall(source)) - NOT_ON_THE_BOARD.keys()
    assert NOT_ON_THE_BOARD.keys() <= set(NAME.findall(source))
