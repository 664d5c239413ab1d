"""What an upload of a Worker takes away: settings that somebody made in the account and that the file does not say.

Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from orchestrator.desired.derive import Desired
from orchestrator.desired.resources import Worker
from orchestrator.drift.addresses import GRADUAL, shared
from orchestrator.drift.findings import Difference
from orchestrator.drift.live import LiveWorker, consumer_names, dotted, gradual_shares, version
from orchestrator.drift.scripts import compare_settings, word
from orchestrator.names import RESERVED_ON_ROUTER
from orchestrator.stack.preview import OVERWRITTEN


def overwritten(
    worker: Worker, desired: Desired, bound: Collection[str], told: Mapping[str, Any], before: Mapping[str, Any]
) -> list[str]:
    """The settings and bindings that the next upload of `worker` takes away, in words.

    `bound`: the names that it will be bound to; `told`: the account's answer to GET …/settings, with the `versions` of
    the deployment; `before`: the inputs of the last upload, as Pulumi has them. What differs because the file was
    edited is not among them; of bindings that is not known here, so whoever asks leaves them out where nobody but the
    stack has deployed.
    """
    live = LiveWorker(
        name=worker.name,
        version=version(told, ""),
        observability=dotted(told.get("observability")),
        logpush=bool(told.get("logpush")),
        tail_consumers=consumer_names(told.get("tail_consumers")),
    )
    uploaded = dict(_uploaded(before))
    lost = [each for each in compare_settings(worker, desired, "", live) if each.live != uploaded.get(each.path)]
    shares = gradual_shares(told.get("versions") or ())
    gradual = [f"{GRADUAL}: {shared(shares)} (then all to the uploaded one)"] if shares else []
    return [*map(_words, lost), *gradual, *_bindings(bound, told)]


def message(worker: str, lost: Collection[str], stack: str) -> str:
    return (
        f"Worker {worker}: {OVERWRITTEN}: {'; '.join(lost)}. To keep it, say it in the file; "
        f"python -m orchestrator drift -s {stack} shows the whole"
    )


def _uploaded(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """In the words of a comparison, by the paths of a comparison."""
    observability = inputs.get("observability") or {}
    cpu_ms = (inputs.get("limits") or {}).get("cpuMs")
    yield "compatibility_date", inputs.get("compatibilityDate")
    yield "compatibility_flags", ", ".join(sorted(inputs.get("compatibilityFlags") or ())) or None
    yield "placement", (inputs.get("placement") or {}).get("mode")
    yield "limits.cpu_ms", None if cpu_ms is None else word(cpu_ms)
    yield "observability.enabled", word(bool(observability.get("enabled")))
    yield "observability.head_sampling_rate", word(observability.get("headSamplingRate", 1))
    yield "logpush", word(bool(inputs.get("logpush")))
    yield "tail_consumers", ", ".join(sorted(consumer_names(inputs.get("tailConsumers")))) or None


def _bindings(bound: Collection[str], told: Mapping[str, Any]) -> Iterator[str]:
    """A secret stays: an upload keeps those that it does not name. What the program itself binds nobody else set."""
    for each in told.get("bindings") or ():
        if each["name"] not in {*bound, *RESERVED_ON_ROUTER} and each.get("type") != "secret_text":
            yield f"binding {each['name']} ({each.get('type')})"


def _words(difference: Difference) -> str:
    return f"{difference.path} {difference.live or 'none'} (then {difference.desired or 'none'})"
