"""A Worker: its script with bindings, its workers.dev switch, its cron triggers, and its custom domains.

Every Worker has a cron trigger resource, with an empty list where it has no cron: deleting the resource calls nothing,
so declaring the empty list is the only way in which a removed cron really ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from orchestrator.bundle.admin_page import Assets
from orchestrator.bundle.modules import Module
from orchestrator.desired.resources import Limits, Logging
from orchestrator.infra import sdk as cloudflare


@dataclass(frozen=True, kw_only=True)
class WorkerServiceArgs:
    """A Worker of `account_id`: `name` in the account, its module, and what it is bound to.

    `placement` and `tail_consumers`: None says nothing of them, and they stay as the state has them; empty
    ends them. `domains`: hosts. `hooks` run around what happens to the script, `domain_hooks` to a custom domain.
    """

    account_id: str
    name: str
    module: Module
    compatibility_date: str
    compatibility_flags: Sequence[str]
    bindings: Sequence[cloudflare.WorkersScriptBindingArgs]
    crons: Sequence[str]
    public: bool
    observability: Logging
    limits: Limits
    logpush: bool
    placement: cloudflare.WorkersScriptPlacementArgs | None
    tail_consumers: Sequence[cloudflare.WorkersScriptTailConsumerArgs] | None
    domains: Sequence[str] = ()
    hooks: pulumi.ResourceHookBinding | None = None
    domain_hooks: pulumi.ResourceHookBinding | None = None


class WorkerService(pulumi.ComponentResource):
    """A Worker that runs, answers under its workers.dev name, and fires its crons."""

    script_name: pulumi.Output[str]

    def __init__(self, name: str, args: WorkerServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("autopilot:infra:WorkerService", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        script = cloudflare.WorkersScript(
            name,
            account_id=args.account_id,
            script_name=args.name,
            main_module=args.module.path.rpartition("/")[2],
            content_file=args.module.path,
            content_sha256=args.module.sha256,
            files={
                each.name: cloudflare.WorkersScriptFilesArgs(
                    content_type=each.content_type, content_file=each.path, content_sha256=each.sha256
                )
                for each in args.module.files
            }
            or None,
            compatibility_date=args.compatibility_date,
            compatibility_flags=list(args.compatibility_flags),
            assets=_assets(args.module.assets),
            bindings=list(args.bindings),
            # Answered by the API whether asked or not: left out, it would be a difference for ever.
            observability=_observability(args.observability),
            limits=_limits(args.limits),
            logpush=args.logpush,
            placement=args.placement,
            tail_consumers=None if args.tail_consumers is None else list(args.tail_consumers),
            opts=pulumi.ResourceOptions(parent=self, hooks=args.hooks),
        )
        cloudflare.WorkersScriptSubdomain(
            name,
            account_id=args.account_id,
            script_name=script.script_name,
            enabled=args.public,
            previews_enabled=False,
            opts=child,
        )
        cloudflare.WorkersCronTrigger(
            name,
            account_id=args.account_id,
            script_name=script.script_name,
            schedules=[{"cron": cron} for cron in args.crons],
            opts=child,
        )
        for host in args.domains:
            # Which zone it is in, Cloudflare finds out.
            cloudflare.WorkersCustomDomain(
                host,
                account_id=args.account_id,
                hostname=host,
                service=script.script_name,
                opts=pulumi.ResourceOptions(parent=self, hooks=args.domain_hooks),
            )
        self.script_name = script.script_name
        self.register_outputs({})


def _assets(assets: Assets | None) -> cloudflare.WorkersScriptAssetsArgs | None:
    """Served before the Worker runs; what they do not have, the Worker answers. docs/decisions/0045."""
    if assets is None:
        return None
    config = cloudflare.WorkersScriptAssetsConfigArgs(
        headers=assets.headers, html_handling=assets.html_handling, not_found_handling=assets.not_found
    )
    return cloudflare.WorkersScriptAssetsArgs(directory=assets.directory, config=config)


def _observability(wanted: Logging) -> cloudflare.WorkersScriptObservabilityArgs:
    rate = wanted.head_sampling_rate if wanted.head_sampling_rate != 1 else None
    return cloudflare.WorkersScriptObservabilityArgs(enabled=wanted.enabled, head_sampling_rate=rate)


def _limits(wanted: Limits) -> cloudflare.WorkersScriptLimitsArgs | None:
    return None if wanted.cpu_ms is None else cloudflare.WorkersScriptLimitsArgs(cpu_ms=wanted.cpu_ms)
