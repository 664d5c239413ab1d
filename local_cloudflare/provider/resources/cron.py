"""WorkersCronTrigger: the cron triggers of a Worker, all in one resource.

Its blind spots are the official provider's: a read asks for the schedules and keeps nothing of the answer, so a trigger
that was changed outside is not seen; a delete calls nothing, so the triggers keep firing.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from local_cloudflare.provider.raw_state import List, Object, scalars
from local_cloudflare.provider.resources.base import Resource
from local_cloudflare.provider.schema import ACCOUNT, ID, Property
from local_cloudflare.provider.values import Properties, from_api

if TYPE_CHECKING:
    from local_cloudflare.provider.client import Client

_SCHEDULES = List(Object(scalars("createdOn", "cron", "modifiedOn")))
_COMPUTED = frozenset({"createdOn", "modifiedOn"})


class CronTrigger(Resource):
    """`A/workers/scripts/{name}/schedules`."""

    pulumi_type = "cloudflare:index/workersCronTrigger:WorkersCronTrigger"
    import_id = ("accountId", "scriptName")
    schema = MappingProxyType(
        {
            "accountId": ACCOUNT,
            "scriptName": Property(required=True, replace=True),
            "schedules": Property(required=True, inner_computed=_COMPUTED, shape=_SCHEDULES),
            "id": ID,
        }
    )

    def create(self, client: Client, planned: Properties) -> Properties:
        body = [{"cron": schedule["cron"]} for schedule in planned["schedules"]]
        answer = from_api(client.call("PUT", _path(planned), body) or {}).get("schedules", [])
        answered = {schedule["cron"]: schedule for schedule in answer}
        schedules = [_schedule(wanted["cron"], answered.get(wanted["cron"], {})) for wanted in body]
        return {**planned, "schedules": schedules, "id": planned["scriptName"]}

    def read(self, client: Client, state: Properties) -> Properties:
        client.call("GET", _path(state))
        return {**state, "id": state["scriptName"]}

    def update(self, client: Client, planned: Properties, state: Properties) -> Properties:
        return self.create(client, planned)

    def delete(self, client: Client, state: Properties) -> None:
        """Nothing is called."""


def _schedule(cron: str, answered: Properties) -> Properties:
    return {"cron": cron, **{name: answered[name] for name in sorted(_COMPUTED) if name in answered}}


def _path(properties: Properties) -> str:
    return f"/accounts/{properties['accountId']}/workers/scripts/{properties['scriptName']}/schedules"
