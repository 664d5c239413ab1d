"""Tasks that nobody waits for: `python -m bench.later --tasks 10000 --kills 10`.

Asks for that many tasks, of which half must not be done twice, of an autopilot that refuses and breaks on and off,
while workerd, or all of the local Cloudflare, is killed and started again, and messages are delivered twice. Then what
the asynchronous way costs a caller, how throughput grows with `maxConcurrency`, and how late a task comes that is asked
for 10 s ahead.
Exits with 1 unless each task ended once and none was lost.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import httpx

from tests.support.counting_autopilot import counting_autopilot
from tests.support.later_load import LaterCloud, lateness, measure


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.later", description=__doc__)
    parser.add_argument("--tasks", type=int, default=10_000, help="%(default)s")
    parser.add_argument("--kills", type=int, default=10, help="of the local Cloudflare on the way (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="another one is another load (%(default)s)")
    parser.add_argument("--requests", type=int, default=100, help="of each kind, for what a caller waits (%(default)s)")
    parser.add_argument("--each", type=int, default=100, help="tasks for each `maxConcurrency` (%(default)s)")
    options = parser.parse_args()
    with _folder() as folder:
        figures = measure(Path(folder), tasks=options.tasks, kills=options.kills, seed=options.seed)
    print(
        f"{figures.tasks} tasks in {figures.seconds:.0f} s, {figures.kills} kills, {figures.repeated} repeated requests"
    )
    for status, count in figures.ends.most_common():
        print(f"  {count:6}  {status}")
    print(f"calls that reached the autopilot       {figures.calls}")
    print(f"most deeds of a task with `once`       {figures.most_deeds}")
    print(f"told as done and not done              {figures.undone}")
    print(f"lost                                   {figures.lost}")
    print(f"messages that the cron sent again      {figures.resent}")
    _waits(options.requests)
    _throughput(options.each)
    with _folder() as folder:
        print(f"asked for 10 s ahead, it came {lateness(Path(folder), seconds=10):.2f} s late")
    return int(not figures.is_right)


def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="later-")


def _waits(requests: int) -> None:
    with _folder() as folder, counting_autopilot() as autopilot:
        cloud = LaterCloud(Path(folder), autopilot)
        try:
            url, headers = cloud.address
            with httpx.Client(headers=headers, timeout=30) as http:
                for task, words in (("now", "forwarded, and waited for"), ("job", "answered 202")):
                    times = []
                    for _ in range(requests):
                        begun = time.perf_counter()
                        http.post(
                            f"{url}/autopilot/plan", json={"task": task, "meta": {"do": "pay"}}
                        ).raise_for_status()
                        times.append(1000 * (time.perf_counter() - begun))
                    print(f"{words:<28} p50 {statistics.median(times):6.1f} ms (the autopilot takes 50)")
        finally:
            cloud.api.close()


def _throughput(tasks: int) -> None:
    for most in (1, 2, 5, 10, None):
        with _folder() as folder, counting_autopilot() as autopilot:
            cloud = LaterCloud(Path(folder), autopilot, max_concurrency=most)
            try:
                url, headers = cloud.address
                cloud.pause(is_paused=True)  # how fast tasks are asked for is not what is measured
                with httpx.Client(headers=headers, timeout=30) as http:
                    for _ in range(tasks):
                        http.post(
                            f"{url}/autopilot/plan", json={"task": "job", "meta": {"do": "pay"}}
                        ).raise_for_status()
                begun = time.monotonic()
                cloud.pause(is_paused=False)
                while sum(autopilot.deeds.values()) < tasks:
                    time.sleep(0.05)
                seconds = time.monotonic() - begun
                print(f"maxConcurrency {most or 'none':>4}: {tasks / seconds:6.1f} tasks a second")
            finally:
                cloud.api.close()


if __name__ == "__main__":
    raise SystemExit(main())
