"""The resource types that the provider knows, by Pulumi's type token."""

from __future__ import annotations

from collections.abc import Mapping

from local_cloudflare.provider.resources.base import Resource
from local_cloudflare.provider.resources.cron import CronTrigger
from local_cloudflare.provider.resources.custom_domain import CustomDomain
from local_cloudflare.provider.resources.d1 import D1Database
from local_cloudflare.provider.resources.kv import KvNamespace
from local_cloudflare.provider.resources.queue import Queue
from local_cloudflare.provider.resources.queue_consumer import QueueConsumer
from local_cloudflare.provider.resources.r2 import R2Bucket
from local_cloudflare.provider.resources.script import WorkersScript
from local_cloudflare.provider.resources.subdomain import ScriptSubdomain

RESOURCES: Mapping[str, Resource] = {
    resource.pulumi_type: resource
    for resource in (
        *(KvNamespace(), R2Bucket(), D1Database(), Queue(), QueueConsumer()),
        *(WorkersScript(), ScriptSubdomain(), CronTrigger(), CustomDomain()),
    )
}
