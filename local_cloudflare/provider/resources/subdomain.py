"""WorkersScriptSubdomain: whether a Worker answers on workers.dev.

Pulumi's id of it is the account's, while the output `id` is the Worker's name: the official provider has it so.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from local_cloudflare.provider.plan import known, settled
from local_cloudflare.provider.resources.base import Resource
from local_cloudflare.provider.schema import ACCOUNT, ID, Property
from local_cloudflare.provider.values import Properties, to_api

if TYPE_CHECKING:
    from local_cloudflare.provider.client import Client


class ScriptSubdomain(Resource):
    """`A/workers/scripts/{name}/subdomain`."""

    pulumi_type = "cloudflare:index/workersScriptSubdomain:WorkersScriptSubdomain"
    import_id = ("accountId", "scriptName")
    schema = MappingProxyType(
        {
            "accountId": ACCOUNT,
            "scriptName": Property(required=True, replace=True),
            "enabled": Property(required=True),
            "previewsEnabled": Property(computed=True),
            "id": ID,
        }
    )

    def pulumi_id(self, outputs: Properties) -> str:
        return str(outputs["accountId"])

    def create(self, client: Client, planned: Properties) -> Properties:
        answer = client.properties("POST", _path(planned), _body(planned))
        return settled(planned, {**answer, "id": planned["scriptName"]})

    def read(self, client: Client, state: Properties) -> Properties:
        answer = client.properties("GET", _path(state))
        seen: Properties = {name: answer[name] for name in ("enabled", "previewsEnabled") if name in answer}
        return {**state, **seen, "id": state["scriptName"]}

    def update(self, client: Client, planned: Properties, state: Properties) -> Properties:
        return self.create(client, planned)

    def delete(self, client: Client, state: Properties) -> None:
        client.call("DELETE", _path(state))


def _body(planned: Properties) -> dict[str, Any]:
    sent = known(planned)
    return dict(to_api({name: sent[name] for name in ("enabled", "previewsEnabled") if name in sent}))


def _path(properties: Properties) -> str:
    return f"/accounts/{properties['accountId']}/workers/scripts/{properties['scriptName']}/subdomain"
