"""What a WorkersScript consists of: its properties and, of those that are no plain values, what is in them. Pure.

The names are those of Terraform's provider 5.22, as its records show them, not all that the newer SDK offers; of what
the records show only as null, they are the SDK's. `files` is of the SDK, and in no record.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from local_cloudflare.provider.raw_state import DYNAMIC, SCALAR, SCALARS, List, Map, Object, scalars
from local_cloudflare.provider.schema import ACCOUNT, COMPUTED, ID, Property, Schema

_OPTIONAL = Property()
_REFUSED = Property(settable=False)

_ASSETS = Object(
    {
        **scalars("assetManifestSha256", "directory", "jwt"),
        "config": Object(
            {
                **scalars("headers", "htmlHandling", "notFoundHandling", "redirects", "serveDirectly"),
                "runWorkerFirst": DYNAMIC,
            }
        ),
    }
)
_BINDING = Object(
    {
        **scalars("algorithm", "appId", "bucketName", "certificateId", "className", "databaseId", "dataset"),
        **scalars("destinationAddress", "dispatchNamespace", "entrypoint", "environment", "format", "id", "indexName"),
        **scalars("instanceName", "json", "jurisdiction", "keyBase64", "keyJwk", "name", "namespace", "namespaceId"),
        **scalars("networkId", "oldName", "part", "pipeline", "queueName", "scriptName", "secretName", "service"),
        **scalars("serviceId", "storeId", "text", "tunnelId", "type", "versionId", "workflowName"),
        **dict.fromkeys(("allowedDestinationAddresses", "allowedSenderAddresses", "usages"), SCALARS),
        "outbound": Object({"params": SCALARS, "worker": Object(scalars("environment", "service"))}),
        "simple": Object(scalars("limit", "period")),
    }
)
_OBSERVABILITY = Object(
    {
        **scalars("enabled", "headSamplingRate"),
        "logs": Object(
            {**scalars("enabled", "headSamplingRate", "invocationLogs", "persist"), "destinations": SCALARS}
        ),
        "traces": Object(
            {**scalars("enabled", "headSamplingRate", "persist", "propagationPolicy"), "destinations": SCALARS}
        ),
    }
)
_PLACEMENT = Object(
    {
        **scalars("host", "hostname", "lastAnalyzedAt", "mode", "region", "status"),
        "targets": List(Object(scalars("host", "hostname", "region"))),
    }
)
_PROPERTIES: Final[Mapping[str, Property]] = {
    "accountId": ACCOUNT,
    "scriptName": Property(required=True, replace=True),
    "annotations": Property(shape=Object(scalars("workersMessage", "workersTag", "workersTriggeredBy"))),
    "assets": Property(shape=_ASSETS),
    "bindings": Property(computed=True, shape=List(_BINDING)),
    "compatibilityDate": Property(default=""),
    "compatibilityFlags": Property(computed=True, unordered=True, shape=SCALARS),
    "files": Property(shape=Map(Object(scalars("contentBase64", "contentFile", "contentSha256", "contentType")))),
    "keepBindings": Property(unordered=True, shape=SCALARS),
    "limits": Property(shape=Object(scalars("cpuMs", "subrequests"))),
    "logpush": Property(default=False),
    "observability": Property(shape=_OBSERVABILITY),
    "placement": Property(computed=True, shape=_PLACEMENT),
    "tailConsumers": Property(
        computed=True, unordered=True, shape=List(Object(scalars("environment", "namespace", "service")))
    ),
    "usageModel": Property(default="standard", choices=("standard", "bundled", "unbound")),
    "id": ID,
    "createdOn": Property(settable=False, computed=True, stable=True),
    "handlers": Property(settable=False, computed=True, shape=SCALARS),
    "namedHandlers": Property(settable=False, computed=True, shape=List(Object({"handlers": SCALARS, "name": SCALAR}))),
    **dict.fromkeys(("bodyPart", "content", "contentFile", "contentSha256", "contentType"), _OPTIONAL),
    **dict.fromkeys(("keepAssets", "mainModule"), _OPTIONAL),
    **dict.fromkeys(("cacheOptions", "exports", "migrations", "packageDependencies"), _REFUSED),
    **dict.fromkeys(("etag", "hasAssets", "hasModules", "lastDeployedFrom", "migrationTag", "modifiedOn"), COMPUTED),
    **dict.fromkeys(("placementMode", "placementStatus", "startupTimeMs"), COMPUTED),
}
SCHEMA: Final[Schema] = MappingProxyType(_PROPERTIES)
