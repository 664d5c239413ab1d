"""Cron triggers fire: once a minute, every Worker whose schedule matches that minute of UTC.

A run that is still going does not hold up the next minute. Outcomes are in the Worker's log, as on the real service; a
minute in which the machine slept is not made up for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.workers.models import Worker, Workers
from local_cloudflare.runtime.errors import RuntimeFault
from orchestrator import cron

_log = logging.getLogger(__name__)


def due(workers: Iterable[Worker], moment: datetime) -> list[tuple[str, str]]:
    """The Workers' names and expressions that fire in the minute of `moment`."""
    return [
        (worker.name, schedule.cron)
        for worker in workers
        for schedule in worker.schedules
        if cron.parse(schedule.cron).matches(moment)
    ]


async def run_forever(cloud: Cloud) -> None:
    runs: set[asyncio.Task[None]] = set()
    while True:
        now = datetime.now(UTC)
        minute = (now + timedelta(minutes=1)).replace(second=0, microsecond=0)
        await asyncio.sleep((minute - now).total_seconds())
        for worker, expression in due(Workers(cloud.store).all(), minute):
            run = asyncio.create_task(_fire(cloud, worker, expression, minute))
            runs.add(run)
            run.add_done_callback(runs.discard)


async def _fire(cloud: Cloud, worker: str, expression: str, moment: datetime) -> None:
    try:
        done = await cloud.runtime.scheduled(worker, expression, int(moment.timestamp() * 1000))
    except RuntimeFault as fault:
        _log.warning("cron %s of Worker %s: not run: %s", expression, worker, fault)
        return
    _log.info("cron %s of Worker %s: %s %s", expression, worker, done.outcome, done.detail)
