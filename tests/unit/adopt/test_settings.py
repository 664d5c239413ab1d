"""What a Worker that is taken over has, in the keys of the file."""

from __future__ import annotations

import pytest

from orchestrator.adopt.existing import Existing
from orchestrator.adopt.settings import lost_bindings, settings_of, vars_of
from orchestrator.adopt.wanted import Wanted
from orchestrator.desired.derive import derive
from orchestrator.drift.findings import Difference
from orchestrator.kinds import Kind
from orchestrator.manifest import parse

DESIRED = derive(
    parse(
        "orchestrator: {worker: r}\n"
        "autopilots:\n"
        "  - name: a\n    worker: w\n    capabilities: [x]\n"
        "    needs: {workers: [{name: w, source: w.ts}, {name: logs, source: l.ts}]}\n"
    ),
    name_prefix="pr-7-",
)


@pytest.mark.parametrize(
    ("kind", "live", "settings"),
    [
        (Kind.WORKER, {"content": "sha256 1", "bindings.KEY": "plain_text"}, {}),
        (Kind.WORKER, {"placement": "smart", "logpush": "on"}, {"placement": "smart", "logpush": True}),
        (Kind.WORKER, {"compatibility_flags": "a, b"}, {"compatibilityFlags": ["a", "b"]}),
        (Kind.WORKER, {"compatibility_date": "2026-01-01"}, {"compatibilityDate": "2026-01-01"}),
        (Kind.WORKER, {"limits.cpu_ms": "50"}, {"limits": {"cpuMs": 50}}),
        (Kind.WORKER, {"observability.head_sampling_rate": "0.1"}, {"observability": {"headSamplingRate": 0.1}}),
        (Kind.WORKER, {"observability.enabled": "off"}, {"observability": {"enabled": False}}),
        (Kind.WORKER, {"tail_consumers": "pr-7-logs"}, {"tailConsumers": ["logs"]}),
        (Kind.WORKER, {"tail_consumers": "pr-7-logs, another"}, {}),
        (Kind.SCHEDULES, {"crons": "0 6 * * *"}, {"crons": ["0 6 * * *"]}),
        (Kind.SUBDOMAIN, {"enabled": "on"}, {"public": True}),
        (Kind.SUBDOMAIN, {"enabled": "off", "previews_enabled": "on"}, {}),
        (Kind.KV_NAMESPACE, {"placement": "smart"}, {}),
    ],
)
def test_what_differs_is_said_as_the_file_says_it(
    kind: Kind, live: dict[str, str], settings: dict[str, object]
) -> None:
    differences = tuple(Difference(path=path, desired=None, live=value) for path, value in live.items())
    wanted = Wanted(kind=kind, key="w", name="pr-7-w", account_id="")
    existing = [Existing(wanted=wanted, id="w", ours=False, differences=differences)]

    assert settings_of(existing, ["pr-7-w"], DESIRED) == ({"w": settings} if settings else {})


def test_the_bindings_that_the_file_does_not_say_are_told_by_their_types_and_only_variables_can_be_written() -> None:
    there = {"MODE": "plain_text", "CACHE": "kv_namespace", "KEY": "secret_text", "LEVEL": "plain_text 1"}
    differences = tuple(
        Difference(path=f"bindings.{name}", desired="plain_text 2" if name == "LEVEL" else None, live=live)
        for name, live in there.items()
    )
    wanted = Wanted(kind=Kind.WORKER, key="w", name="pr-7-w", account_id="")
    existing = [Existing(wanted=wanted, id="w", ours=False, differences=differences)]
    bound = [{"name": "MODE", "type": "plain_text", "text": "fast"}, {"name": "LEVEL", "text": "1"}, {"name": "CACHE"}]

    lost = lost_bindings(existing, ["pr-7-w"])

    assert lost == {"pr-7-w": {"MODE": "plain_text", "CACHE": "kv_namespace"}}
    assert vars_of(lost, {"pr-7-w": bound}, DESIRED) == {"w": {"vars": {"MODE": "fast"}}}
    assert lost_bindings(existing, []) == {}
