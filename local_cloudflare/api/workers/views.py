"""Workers in the shapes of the API's answers. Secrets are shown without their values."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from local_cloudflare.api.workers.bindings import redacted
from local_cloudflare.api.workers.models import Deployment, Version, Worker

_AUTHOR = {"author_email": "local@example.com", "author_id": "0" * 32}


def script(worker: Worker) -> dict[str, Any]:
    """A Worker as in the list of scripts."""
    version = worker.active
    return {
        "id": worker.name,
        "tag": worker.tag,
        "tags": list(worker.tags),
        "etag": version.etag,
        "handlers": list(version.handlers),
        "named_handlers": [],
        "has_modules": True,
        "has_assets": version.assets is not None,
        "created_on": worker.created_on,
        "modified_on": worker.modified_on,
        "usage_model": version.usage_model,
        "compatibility_date": version.compatibility_date,
        "compatibility_flags": list(version.compatibility_flags),
        "last_deployed_from": version.source,
        "logpush": worker.logpush,
        "placement_mode": version.placement.get("mode") or "",
        "observability": observability(worker),
    }


def worker(worker: Worker) -> dict[str, Any]:
    """A Worker as in the newer list: without its code and bindings, which belong to a version."""
    return {
        "id": worker.tag,
        "name": worker.name,
        "created_on": worker.created_on,
        "updated_on": worker.modified_on,
        "deployed_on": worker.deployments[0].created_on if worker.deployments else None,
        "logpush": worker.logpush,
        "observability": observability(worker),
        "references": {
            "dispatch_namespace_outbounds": [],
            "domains": [],
            "durable_objects": [],
            "queues": [],
            "workers": [],
        },
        "subdomain": subdomain(worker),
        "tags": list(worker.tags),
        "tail_consumers": list(worker.tail_consumers),
    }


def uploaded(worker: Worker) -> dict[str, Any]:
    """The answer to an upload."""
    version = worker.active
    return {
        **script(worker),
        "startup_time_ms": version.startup_time_ms,
        "entry_point": version.main_module,
        "deployment_id": version.id.replace("-", ""),
    }


def service(worker: Worker) -> dict[str, Any]:
    environment = {
        "environment": "production",
        "created_on": worker.created_on,
        "modified_on": worker.modified_on,
        "script": uploaded(worker),
    }
    return {
        "id": worker.name,
        "created_on": worker.created_on,
        "modified_on": worker.modified_on,
        "usage_model": worker.active.usage_model,
        "default_environment": environment,
        "environments": [environment],
    }


def settings(worker: Worker) -> dict[str, Any]:
    """What belongs to the active version, and what belongs to all of them."""
    version = worker.active
    shown: dict[str, Any] = {
        "bindings": [redacted(binding) for binding in version.bindings],
        "compatibility_date": version.compatibility_date,
        "compatibility_flags": list(version.compatibility_flags),
        "usage_model": version.usage_model,
        "placement": dict(version.placement),
        **script_settings(worker),
    }
    return {**shown, "limits": dict(version.limits)} if version.limits else shown


def script_settings(worker: Worker) -> dict[str, Any]:
    """`tail_consumers` only where there are any: a client would take an empty list for a setting to remove."""
    shown = {"logpush": worker.logpush, "tags": list(worker.tags), "observability": observability(worker)}
    return {**shown, "tail_consumers": list(worker.tail_consumers)} if worker.tail_consumers else shown


def observability(worker: Worker) -> dict[str, Any]:
    return worker.observability or {"enabled": False}


def schedules(worker: Worker) -> dict[str, Any]:
    return {"schedules": [asdict(schedule) for schedule in worker.schedules]}


def subdomain(worker: Worker) -> dict[str, bool]:
    return {"enabled": worker.workers_dev, "previews_enabled": worker.previews}


def version_item(version: Version) -> dict[str, Any]:
    """A version as in the list of versions."""
    return {
        "id": version.id,
        "number": version.number,
        "metadata": {
            **_AUTHOR,
            "created_on": version.created_on,
            "modified_on": version.created_on,
            "source": version.source,
            "hasPreview": False,
        },
        "annotations": dict(version.annotations),
    }


def version(version: Version) -> dict[str, Any]:
    return {
        **version_item(version),
        "startup_time_ms": version.startup_time_ms,
        "resources": {
            "bindings": [redacted(binding) for binding in version.bindings],
            "script": {
                "etag": version.etag,
                "handlers": list(version.handlers),
                "named_handlers": [],
                "last_deployed_from": version.source,
            },
            "script_runtime": {
                "compatibility_date": version.compatibility_date,
                "compatibility_flags": list(version.compatibility_flags),
                "usage_model": version.usage_model,
                **({"limits": dict(version.limits)} if version.limits else {}),
            },
        },
    }


def deployment(deployment: Deployment) -> dict[str, Any]:
    return {
        "id": deployment.id,
        "source": deployment.source,
        "strategy": "percentage",
        "author_email": _AUTHOR["author_email"],
        "created_on": deployment.created_on,
        "annotations": dict(deployment.annotations),
        "versions": [
            {"version_id": id, "percentage": percentage}
            for id, percentage in deployment.shares or ((deployment.version_id, 100),)
        ],
    }
