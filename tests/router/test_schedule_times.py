"""When a schedule fires, where the clocks change too: router/src/schedules/next.ts, run by Node."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.support.project import ROOT

CASES: dict[str, tuple[str, str, str, list[str]]] = {
    "a time that the day does not have comes at the jump": (
        *("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z"),
        ["2026-03-29T01:00Z", "2026-03-30T00:30Z"],
    ),
    "a time that the day has twice comes the first time": (
        *("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00Z"),
        ["2026-10-25T00:30Z", "2026-10-26T01:30Z"],
    ),
    "every half hour is a real half hour where the hour comes twice": (
        *("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:00Z"),
        ["2026-10-25T00:30Z", "2026-10-25T01:00Z", "2026-10-25T01:30Z", "2026-10-25T02:00Z"],
    ),
    "every half hour is a real half hour where the hour is missing": (
        *("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:30Z"),
        ["2026-03-29T01:00Z", "2026-03-29T01:30Z"],
    ),
    "the same hour of the day, in winter and in summer": (
        *("0 6 * * *", "America/New_York", "2026-03-07T00:00Z"),
        ["2026-03-07T11:00Z", "2026-03-08T10:00Z"],
    ),
    "1 is Sunday": ("0 0 * * 1", "UTC", "2026-11-27T00:00Z", ["2026-11-29T00:00Z", "2026-12-06T00:00Z"]),
    "weekdays leave the weekend out": (
        *("0 6 * * MON-FRI", "UTC", "2026-11-27T06:00Z"),
        ["2026-11-30T06:00Z", "2026-12-01T06:00Z"],
    ),
}
SCRIPT = """
import { cronOf, nextAfter } from "./router/src/schedules/next.ts";
const minutes = (at) => new Date(at).toISOString().replace(":00.000Z", "Z");
const times = JSON.parse(process.argv[1]).map(([expression, zone, after, expected]) => {
  const found = [];
  const cron = cronOf(expression, zone);
  for (let at = Date.parse(after); found.length < expected.length; found.push(minutes(at))) at = nextAfter(cron, at);
  return found;
});
console.log(JSON.stringify(times));
"""


@pytest.fixture(scope="module")
def times() -> dict[str, list[str]]:
    """What each case gives, by its name."""
    command = ["node", "--input-type=module", "--eval", SCRIPT, json.dumps(list(CASES.values()))]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    return dict(zip(CASES, json.loads(found), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_it_fires_at_its_times(times: dict[str, list[str]], name: str) -> None:
    assert times[name] == CASES[name][3]
