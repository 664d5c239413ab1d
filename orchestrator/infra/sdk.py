"""The provider's SDK, without the two hundred resources that are not declared here.

`import pulumi_cloudflare` runs every module of the package: 4 s of CPU, more than all the rest of a preview. The seven
that are needed take 1.7 s. So the package is put in place without running its `__init__`, which only imports the
modules and registers them for resource references, and its modules are imported one by one. Where the package was
imported already, that one is used. See docs/decisions/0009-provider-sdk-import.md.
"""

from __future__ import annotations

import gc
import importlib.util
import sys

if "pulumi_cloudflare" not in sys.modules:
    gc.disable()  # seven thousand classes come, and none goes: collections meanwhile, and at exit, would find nothing
    _spec = importlib.util.find_spec("pulumi_cloudflare")
    if _spec is None:
        raise ModuleNotFoundError("pulumi_cloudflare is not installed: run `make setup`")
    sys.modules["pulumi_cloudflare"] = importlib.util.module_from_spec(_spec)

from pulumi_cloudflare._inputs import (
    QueueConsumerSettingsArgs,
    QueueSettingsArgs,
    WorkersScriptAssetsArgs,
    WorkersScriptAssetsConfigArgs,
    WorkersScriptBindingArgs,
    WorkersScriptFilesArgs,
    WorkersScriptLimitsArgs,
    WorkersScriptObservabilityArgs,
    WorkersScriptPlacementArgs,
    WorkersScriptTailConsumerArgs,
)
from pulumi_cloudflare.d1_database import D1Database
from pulumi_cloudflare.queue import Queue
from pulumi_cloudflare.queue_consumer import QueueConsumer
from pulumi_cloudflare.r2_bucket import R2Bucket
from pulumi_cloudflare.workers_cron_trigger import WorkersCronTrigger
from pulumi_cloudflare.workers_custom_domain import WorkersCustomDomain
from pulumi_cloudflare.workers_kv_namespace import WorkersKvNamespace
from pulumi_cloudflare.workers_script import WorkersScript
from pulumi_cloudflare.workers_script_subdomain import WorkersScriptSubdomain

gc.freeze()
gc.enable()

__all__ = [
    "D1Database",
    "Queue",
    "QueueConsumer",
    "QueueConsumerSettingsArgs",
    "QueueSettingsArgs",
    "R2Bucket",
    "WorkersCronTrigger",
    "WorkersCustomDomain",
    "WorkersKvNamespace",
    "WorkersScript",
    "WorkersScriptAssetsArgs",
    "WorkersScriptAssetsConfigArgs",
    "WorkersScriptBindingArgs",
    "WorkersScriptFilesArgs",
    "WorkersScriptLimitsArgs",
    "WorkersScriptObservabilityArgs",
    "WorkersScriptPlacementArgs",
    "WorkersScriptSubdomain",
    "WorkersScriptTailConsumerArgs",
]
