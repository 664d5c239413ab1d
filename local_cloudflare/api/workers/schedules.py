"""Cron triggers: what a Worker has, and the limit that counts for the whole account."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.workers import errors
from local_cloudflare.api.workers.models import Schedule, Worker, Workers
from orchestrator import cron

LIMITS = {"free": 5, "paid": 250}


class Schedules:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._workers = Workers(cloud.store)

    async def put(self, name: str, wanted: Any) -> Worker:
        """Replace a Worker's schedules by `[{cron}]`.

        Over the account's limit everything is refused, even taking some away: on the real service too, a plan that
        became smaller leaves an account that must be cleaned up in the dashboard.
        """
        worker = self._workers.get(name)
        expressions = _expressions(wanted)
        limit = LIMITS[self._cloud.settings.plan]
        total = self._workers.count_schedules()
        if total > limit or total - len(worker.schedules) + len(expressions) > limit:
            raise errors.too_many_crons(limit)
        now = self._cloud.now()
        known = {schedule.cron: schedule.created_on for schedule in worker.schedules}
        schedules = tuple(
            Schedule(cron=expression, created_on=known.get(expression, now), modified_on=now)
            for expression in expressions
        )
        worker = replace(worker, schedules=schedules)
        self._workers.save(worker)
        await self._cloud.runtime.set_crons(name, [schedule.cron for schedule in schedules])
        return worker


def _expressions(wanted: Any) -> list[str]:
    if not isinstance(wanted, list) or not all(isinstance(item, dict) for item in wanted):
        raise errors.unparsable_schedules()
    expressions: list[str] = []
    for item in wanted:
        expression = item.get("cron")
        if not isinstance(expression, str):
            raise errors.unparsable_schedules()
        try:
            cron.parse(expression)
        except ValueError as error:
            raise errors.invalid_cron(expression, str(error)) from error
        if expression not in expressions:
            expressions.append(expression)
    return expressions
