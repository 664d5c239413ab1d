"""What a manifest uses of the plan's limits, counted alone and with what else is in the account."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.desired.derive import Desired, derive
from orchestrator.limits import LIMITS, Inventory, ModuleSize, Plan, Use, usage
from orchestrator.limits.report import as_json, refusal, rows, warnings
from orchestrator.manifest import parse


def desired(
    *, cron: str = "*/15 * * * *", workers: int = 1, prefix: str = "", external: int = 0, **worker: Any
) -> Desired:
    """A router, and `workers` autopilots with a Worker each (`worker`: more keys of each); `external` have none."""
    autopilots: list[dict[str, Any]] = [
        {
            "name": f"pilot-{number}",
            "worker": f"pilot-{number}",
            "capabilities": [f"work.{number}"],
            "needs": {"workers": [{"name": f"pilot-{number}", "content": "export default {}", **worker}]},
        }
        for number in range(workers)
    ]
    autopilots += [
        {"name": f"far-{number}", "endpoint": "https://far.example.com/", "capabilities": [f"far.{number}"]}
        for number in range(external)
    ]
    document = {"orchestrator": {"worker": "router", "cron": cron}, "autopilots": autopilots}
    return derive(parse(json.dumps(document), "autopilots.yaml"), name_prefix=prefix)


OWN_VARIABLES = 3  # of an autopilot's Worker: WEBHOOK_SECRET, AUTOPILOTS, STAGE


def size(mib: float, compressed: float = 0) -> ModuleSize:
    return ModuleSize(raw=int(mib * 2**20), compressed=int(compressed * 2**20))


def sizes(mib: float, compressed: float) -> dict[str, ModuleSize]:
    return {"router": size(0), "pilot-0": size(mib, compressed)}


def use(name: str, uses: tuple[Use, ...]) -> Use:
    return next(each for each in uses if each.limit.name == name)


@pytest.mark.parametrize(
    ("limit", "declared", "used"),
    [
        ("crons", desired(), 1),
        ("crons", desired(workers=2, crons=["0 6 * * *", "0 7 * * *"]), 5),
        ("workers", desired(workers=3), 4),
        ("kvNamespaces", desired(), 1),
        ("d1Databases", desired(), 1),
        ("variables", desired(workers=0), 12),  # of the router, with what is bound only where it is configured
        (
            "variables",
            desired(vars={f"V{n}": "1" for n in range(9)}, secrets=["C", {"name": "D", "optional": True}]),
            14,  # with WEBHOOK_SECRET, AUTOPILOTS and STAGE
        ),
        ("variables", desired(public=True, vars={f"V{n}": "1" for n in range(9)}), 13),  # with PUBLIC_URL
        ("variableSize", desired(vars={"A": "ä" * 100}), 200),
        ("subrequests", desired(workers=2, external=3), 6),
        ("kvWrites", desired(), 96),
        ("kvWrites", desired(cron="* * * * *"), 1_440),
        ("kvWrites", desired(cron="0 6,18 * * MON"), 2),  # on the day on which it fires
        ("requests", desired(workers=2, external=1), 96 * 3 + 96),
        ("requests", desired(crons=["0 * * * *"]), 96 + 96 + 24),
        ("cpuMs", desired(limits={"cpuMs": 50}), 50),
        ("cpuMs", desired(), 0),
        ("paidSettings", desired(limits={"cpuMs": 50}, logpush=True), 2),
        ("paidSettings", desired(observability={"headSamplingRate": 0.1}, placement="smart"), 0),
        ("neurons", desired(), 0),
        ("neurons", desired(ai=True), None),
        ("scriptSize", desired(), None),
    ],
)
def test_each_limit_counts_what_the_manifest_implies(limit: str, declared: Desired, used: int | None) -> None:
    assert use(limit, usage(declared, plan="free")).used == used


def test_the_largest_script_counts_and_is_named() -> None:
    uses = usage(
        desired(workers=2),
        plan="free",
        module_sizes={"router": size(1, 3), "pilot-0": size(3, 1), "pilot-1": size(2, 2)},
    )

    script, compressed = use("scriptSize", uses), use("compressedScriptSize", uses)
    assert (script.used, compressed.used) == (3 * 2**20, 3 * 2**20)
    assert [part.name for part in script.parts or ()] == ["pilot-0", "pilot-1", "router"]
    assert [part.name for part in compressed.parts or ()] == ["router", "pilot-1", "pilot-0"]


def test_what_else_is_in_the_account_counts_and_what_is_declared_counts_once() -> None:
    account = Inventory(
        workers=frozenset({"pr-7-router", "router", "site"}),
        kv_namespaces=frozenset({"pr-7-REGISTRY", "REGISTRY"}),
        d1_databases=frozenset({"router", "shop"}),
        crons={"router": 1, "site": 2, "pr-7-router": 9},  # our own are those that the file says
    )

    uses = usage(desired(prefix="pr-7-", workers=0), plan="free", account=account)

    assert {name: use(name, uses).used for name in ("crons", "workers", "kvNamespaces", "d1Databases")} == {
        "crons": 4,
        "workers": 3,
        "kvNamespaces": 2,
        "d1Databases": 3,
    }
    assert [(part.name, part.declared) for part in use("workers", uses).parts or ()] == [
        ("pr-7-router", True),
        ("router", False),
        ("site", False),
    ]


@pytest.mark.parametrize(
    ("crons", "plan", "state", "refused"),
    [
        (2, "free", "ok", False),
        (3, "free", "near", False),  # with the router's own: 4 of 5 are 80 %
        (4, "free", "near", False),
        (5, "free", "over", True),
        (5, "paid", "ok", False),
        (250, "paid", "over", False),  # Cloudflare raises it on request
    ],
)
def test_near_begins_at_80_percent_and_only_a_hard_limit_refuses(
    crons: int, plan: Plan, state: str, refused: bool
) -> None:
    schedule = [f"{number % 60} {number // 60} * * *" for number in range(crons)]

    found = use("crons", usage(desired(crons=schedule), plan=plan))

    assert (found.state, found.is_refused) == (state, refused)


@pytest.mark.parametrize(
    ("declared", "account", "plan", "error"),
    [
        (
            desired(workers=2, crons=["0 6 * * *", "0 7 * * *"]),
            Inventory(crons={"old-site": 1}),
            "free",
            "Cron triggers per account: 6 of 5 (pilot-0 2, pilot-1 2, router 1; not declared: old-site 1): take some",
        ),
        (
            desired(workers=98),
            Inventory(workers=frozenset(f"site-{number}" for number in range(10))),
            "free",
            "Workers per account: 109 of 100 (99 declared; not declared: site-0, site-1, site-2, site-3, site-4, "
            "site-5, site-6, site-7, 2 more): let one Worker",
        ),
        (
            desired(),
            Inventory(d1_databases=frozenset(f"db-{number}" for number in range(10))),
            "free",
            "D1 databases per account: 11 of 10 (1 declared; not declared: db-0,",
        ),
        (desired(cron="* * * * *"), None, "free", "KV writes of the orchestrator's cron per day: 1,440 of 1,000: each"),
    ],
)
def test_what_cloudflare_would_refuse_is_an_error_that_names_what_to_take_out(
    declared: Desired, account: Inventory | None, plan: Plan, error: str
) -> None:
    found = refusal(usage(declared, plan=plan, account=account), paid_command="say that it is paid")

    assert found is not None
    assert f"Cloudflare's free plan does not take this:\n  - {error}" in found.message
    assert found.hint == "if the account has the paid plan: say that it is paid"
    assert (found.code, found.exit_code) == ("limit", 2)


def test_a_script_that_no_plan_takes_is_not_offered_the_paid_plan() -> None:
    sizes = {"router": size(1), "pilot-0": size(64.5), "pilot-1": size(64)}

    found = refusal(usage(desired(workers=2), plan="free", module_sizes=sizes), paid_command="pay")

    assert found is not None
    assert "Script per Worker: 64.5 MiB of 64 MiB (pilot-0 64.5 MiB): " in found.message
    assert found.hint == ""


@pytest.mark.parametrize(("plan", "count", "most"), [("free", 65, 64), ("paid", 129, 128)])
def test_how_many_variables_a_worker_may_have_the_plan_decides(plan: Plan, count: int, most: int) -> None:
    def uses(variables: int) -> tuple[Use, ...]:
        return usage(desired(vars={f"V{n}": "1" for n in range(variables - OWN_VARIABLES)}), plan=plan)

    found = refusal(uses(count), paid_command="pay")

    assert refusal(uses(most), paid_command="pay") is None
    assert found is not None
    assert f"Variables and secrets per Worker: {count} of {most} (pilot-0 {count}): " in found.message


def test_a_variable_that_is_too_large_is_refused_with_its_worker() -> None:
    found = refusal(usage(desired(vars={"A": "x" * 5121}), plan="paid"), paid_command="pay")

    assert found is not None
    assert "(pilot-0 5.001 KiB): keep large values in KV or R2" in found.message


@pytest.mark.parametrize(
    ("uses", "warning"),
    [
        (usage(desired(), plan="free"), None),
        (
            usage(desired(), plan="free", module_sizes={"router": size(0), "pilot-0": size(9, 3)}),
            "3 MiB of 3 MiB (pilot-0",
        ),
        (usage(desired(), plan="free", module_sizes={"router": size(0), "pilot-0": size(40, 11)}), "the newest do not"),
        (usage(desired(workers=0, external=49), plan="free"), "Subrequests of the orchestrator's cron per run: 50 of"),
        (usage(desired(workers=0, external=60), plan="free"), "Subrequests of the orchestrator's cron per run: 61 of"),
        (usage(desired(workers=500), plan="paid"), "Workers per account: 501 of 500 (501 declared): "),
        (usage(desired(workers=500), plan="paid"), "Cloudflare raises this limit on request"),
    ],
)
def test_what_is_near_or_over_without_being_refused_is_a_warning(uses: tuple[Use, ...], warning: str | None) -> None:
    said = warnings(uses)

    assert refusal(uses, paid_command="") is None
    assert len(said) == (0 if warning is None else 1)
    assert warning is None or warning in said[0]


def test_the_table_has_a_row_for_each_limit() -> None:
    account = Inventory(workers=frozenset({"site"}), crons={"site": 5})
    uses = usage(desired(ai=True), plan="free", account=account)

    table = {row[0]: row[1:] for row in rows(uses)}

    assert list(table) == [limit.label for limit in LIMITS]
    assert table["Cron triggers"] == ["account", "6", "5", "120%", "too many; 5 not declared"]
    assert table["Workers"] == ["account", "3", "100", "3%", "1 not declared"]
    assert table["Largest plain variable"] == ["Worker", "7 B", "5 KiB", "0%", "pilot-0"]
    assert table["Script"] == ["Worker", "not known", "64 MiB", "", ""]
    assert table["Script, compressed"] == ["Worker", "not known", "3 MiB", "", ""]
    assert table["Workers AI neurons"] == ["day", "not known", "10,000", "", ""]


def test_json_has_what_the_table_has_in_numbers() -> None:
    document = as_json(usage(desired(), plan="paid"), plan="paid", account_read=False)

    assert (document["plan"], document["account"]) == ("paid", False)
    assert [limit["name"] for limit in document["limits"]] == [limit.name for limit in LIMITS]
    assert document["limits"][0] == {
        "name": "crons",
        "scope": "account",
        "used": 1,
        "limit": 250,
        "state": "ok",
        "hard": False,
        "parts": [{"name": "router", "count": 1, "declared": True}],
        "source": "https://developers.cloudflare.com/workers/platform/limits/",
    }


def test_what_only_the_paid_plan_has_is_refused_without_it_by_name() -> None:
    declared = desired(limits={"cpuMs": 50})

    error = refusal(usage(declared, plan="free"), paid_command="pulumi config set plan paid")

    assert error is not None
    assert "Settings of the paid plan per Worker: 1 of 0 (pilot-0 1): take `limits`, " in error.message
    assert error.hint == "if the account has the paid plan: pulumi config set plan paid"
    assert refusal(usage(declared, plan="paid"), paid_command="") is None


def test_more_cpu_time_than_the_paid_plan_has_is_refused() -> None:
    error = refusal(usage(desired(limits={"cpuMs": 300_001}), plan="paid"), paid_command="")

    assert error is not None
    assert "300,001 of 300,000 (pilot-0 300,001)" in error.message
