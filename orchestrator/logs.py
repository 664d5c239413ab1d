"""The logs of the file's Workers, from the account, as far as they can be had: what is missing is told, never raised.

Touches the file, the environment and the network.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.analysis.log_lines import LogLine, read
from orchestrator.cloudflare.account import Account
from orchestrator.cloudflare.telemetry import logged_failures
from orchestrator.desired.derive import Desired, derive
from orchestrator.dispatch.pinned_transport import is_loopback
from orchestrator.errors import ManifestError, OrchestratorError, SettingsError
from orchestrator.manifest import load
from orchestrator.moments import moment
from orchestrator.names import ORCHESTRATOR

MOST_LINES = 5_000


@dataclass(frozen=True, kw_only=True)
class ReadLogs:
    """`lines` is None where they could not be read; `notes` say why, or what is not in them. `owners`: each Worker's
    autopilot."""

    lines: tuple[LogLine, ...] | None
    notes: tuple[str, ...]
    owners: Mapping[str, str]


def is_on_this_machine() -> bool:
    """Whether the account of the environment is that of the local Cloudflare."""
    try:
        with Account.of_environment() as account:
            return is_loopback(account.host)
    except SettingsError:
        return False


def read_logs(file: str, name_prefix: str, since: str) -> ReadLogs:
    """Errors, warnings and uncaught exceptions of the file's Workers `since` then."""
    owners: dict[str, str] = {}
    try:
        desired = derive(load(file), name_prefix=name_prefix)
        owners = {worker.name: worker.owner for worker in desired.workers if worker.owner != ORCHESTRATOR}
        with Account.of_environment() as account:
            return _read(account, desired, owners, since)
    except ManifestError as error:
        first = error.issues[0]
        note = f"the logs were not read: {first.file}:{first.line}: {first.message}"
    except OrchestratorError as error:
        note = f"the logs were not read: {error.on_one_line}"
    return ReadLogs(lines=None, notes=(note,), owners=owners)


def _read(account: Account, desired: Desired, owners: Mapping[str, str], since: str) -> ReadLogs:
    silent = sorted(worker.name for worker in desired.workers if not worker.observability.enabled)
    speaking = sorted(worker.name for worker in desired.workers if worker.observability.enabled)
    notes = [f"no logs are kept of {', '.join(silent)} (`observability` in the file)"] if silent else []
    if not speaking:
        return ReadLogs(lines=None, notes=tuple(notes), owners=owners)
    now = time.time()
    begin = moment(since, now)
    if begin is None or begin >= now:
        raise SettingsError(f"{since} is no time before now", "give an age, such as --since 24h")
    found = logged_failures(account, speaking, since_ms=int(begin * 1000), until_ms=int(now * 1000), most=MOST_LINES)
    if found.is_cut:
        notes.append(f"of the logs the newest {MOST_LINES} lines were looked at; a shorter --since looks at all")
    if found.is_sampled:
        notes.append("Cloudflare looked at a sample of the logs: there are more lines than are counted here")
    lines = [line for event in found.events if (line := read(event))]
    if odd := len(found.events) - len(lines):
        notes.append(f"{odd} lines of the logs have another shape than Cloudflare documents, and are not counted")
    return ReadLogs(lines=tuple(lines), notes=tuple(notes), owners=owners)
