"""The Pulumi program: what autopilots.yaml says becomes what the account has."""

from pathlib import Path
from secrets import token_hex

import pulumi

from orchestrator.bundle.modules import bundle_workers, hashes_of, with_assets
from orchestrator.desired.derive import derive
from orchestrator.errors import CloudflareError, OrchestratorError
from orchestrator.infra.account import stack_account
from orchestrator.infra.deployed import record_deployment
from orchestrator.infra.existing import Guard
from orchestrator.infra.limits import check_limits, read_inventory, tell_gone
from orchestrator.infra.own_state import begin_to_read_state
from orchestrator.infra.platform import declare
from orchestrator.infra.settings import read_settings, require_secrets, warn_of_plain_secrets
from orchestrator.manifest import load, warnings_of
from orchestrator.stack.deployed import deployment_hash
from orchestrator.stack.empty_stores import keep_bound_stores, keep_stores
from orchestrator.stack.lost_addresses import keep_addresses

try:
    settings = read_settings()
    warn_of_plain_secrets(settings.stack, Path.cwd())
    reading = begin_to_read_state(Path.cwd())
    manifest = load(Path(settings.manifest), project=Path.cwd())
    for warning in warnings_of(settings.manifest):
        pulumi.log.warn(str(warning))
    desired = derive(
        manifest,
        name_prefix=settings.name_prefix,
        stage=settings.stack,
        custom_domains=settings.custom_domains,
    )
    require_secrets(settings, desired)
    modules = with_assets(bundle_workers(desired, root=Path.cwd()), desired, root=Path.cwd())
    with stack_account(settings, timeout=5) as account:
        inventory = read_inventory(account, desired)
    check_limits(desired, modules, settings, inventory=inventory, root=Path.cwd())
    state = reading.result()
    tell_gone(desired, state, settings, inventory)
    keep_stores(
        desired,
        state,
        lambda: stack_account(settings),
        start_empty=settings.start_empty,
        stack=settings.stack,
    )
    keep_addresses(
        desired, state, lambda: stack_account(settings), dropped=settings.drop_addresses, stack=settings.stack
    )
    mark = settings.mark or state.mark or token_hex(16)
    guard = Guard(
        settings.stack,
        lambda: stack_account(settings),
        None if isinstance(inventory, CloudflareError) else inventory.workers,
        mark=mark,
        start_empty=settings.start_empty,
        keep_bound=lambda account, live: keep_bound_stores(
            desired, state, account, live, start_empty=settings.start_empty, stack=settings.stack
        ),
    )
    guard.check_new(desired, state)
    record_deployment(
        deployment_hash(desired, hashes_of(modules), settings=settings.plain, secrets=settings.secrets_digest),
        Path.cwd(),
    )
    outputs = declare(desired, modules, settings, guard, mark=mark, state=state)
except OrchestratorError as error:
    raise pulumi.RunError(str(error)) from None

for name, value in outputs.items():
    pulumi.export(name, value)
