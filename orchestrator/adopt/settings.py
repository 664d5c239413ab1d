"""What a Worker that is taken over has, as autopilots.yaml says it: how it runs, and how it is reached.

Its code and bindings become what is declared; which bindings it loses by that is told. A variable's text is written
only where a person says so, since it may be a secret that was meant to be one. Touches nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from orchestrator.adopt.existing import Existing
from orchestrator.desired.derive import Desired
from orchestrator.kinds import Kind

_OF_WORKER = (Kind.WORKER, Kind.SCHEDULES, Kind.SUBDOMAIN)
_BINDING = "bindings."  # begins the path of a difference
_TEXT = "plain_text"


def settings_of(existing: Iterable[Existing], names: Iterable[str], desired: Desired) -> dict[str, dict[str, Any]]:
    """What differs of the Workers `names`, in the keys of the file, by each Worker's name there; none of one that has
    nothing to say."""
    existing, known = list(existing), {worker.name: worker.key for worker in desired.workers}
    found = {}
    for name in names:
        live: dict[str, list[str]] = {}
        for each in existing:
            if each.wanted.name == name and each.wanted.kind in _OF_WORKER:
                for difference in each.differences:
                    if difference.live is not None:
                        live.setdefault(difference.path, []).append(difference.live)
        if settings := _in_keys(live, known):
            found[known[name]] = settings
    return found


def lost_bindings(existing: Iterable[Existing], names: Iterable[str]) -> dict[str, dict[str, str]]:
    """The types of the bindings that the Workers `names` have and the file does not say, by Worker and binding.

    Not of secrets: an upload leaves those that it does not name.
    """
    found: dict[str, dict[str, str]] = {}
    for each in existing:
        if each.wanted.kind is Kind.WORKER and each.wanted.name in names:
            for one in each.differences:
                if one.path.startswith(_BINDING) and one.desired is None and one.live not in (None, "secret_text"):
                    found.setdefault(each.wanted.name, {})[one.path.removeprefix(_BINDING)] = str(one.live)
    return found


def vars_of(
    lost: Mapping[str, Mapping[str, str]], bound: Mapping[str, Iterable[Mapping[str, Any]]], desired: Desired
) -> dict[str, dict[str, Any]]:
    """The lost variables with their texts, as `vars` of each Worker's entry; `bound`: the bindings as they are told."""
    known = {worker.name: worker.key for worker in desired.workers}
    found = {
        known[name]: {
            str(each["name"]): str(each["text"])
            for each in bound.get(name, ())
            if types.get(str(each["name"])) == _TEXT
        }
        for name, types in lost.items()
    }
    return {key: {"vars": texts} for key, texts in found.items() if texts}


def _in_keys(live: Mapping[str, list[str]], known: Mapping[str, str]) -> dict[str, Any]:
    """`live`: values in the words of a comparison, by path; `known`: the declared Workers, by their names there."""
    settings: dict[str, Any] = {}
    if crons := live.get("crons"):
        settings["crons"] = crons
    if "compatibility_date" in live:
        settings["compatibilityDate"] = live["compatibility_date"][0]
    if "compatibility_flags" in live:
        settings["compatibilityFlags"] = live["compatibility_flags"][0].split(", ")
    if live.get("enabled") == ["on"]:
        settings["public"] = True
    if live.get("observability.enabled") == ["off"]:
        settings["observability"] = {"enabled": False}
    elif "observability.head_sampling_rate" in live:
        settings["observability"] = {"headSamplingRate": float(live["observability.head_sampling_rate"][0])}
    if live.get("placement") == ["smart"]:
        settings["placement"] = "smart"
    if "limits.cpu_ms" in live:
        settings["limits"] = {"cpuMs": int(live["limits.cpu_ms"][0])}
    consumers = live["tail_consumers"][0].split(", ") if "tail_consumers" in live else []
    if consumers and all(each in known for each in consumers):
        settings["tailConsumers"] = [known[each] for each in consumers]
    if live.get("logpush") == ["on"]:
        settings["logpush"] = True
    return settings
