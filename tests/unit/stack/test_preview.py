"""What a preview proposes, in words: for `adopt`, and for the comment on a pull request."""

from __future__ import annotations

from typing import Any

from orchestrator.drift.overwritten import message
from orchestrator.kinds import Kind
from orchestrator.routing.table import Route, RoutingTable, TaskRule
from orchestrator.stack.preview import Changes, capability_changes, changes, markdown, words

TYPES = {
    "kv": "cloudflare:index/workersKvNamespace:WorkersKvNamespace",
    "r2": "cloudflare:index/r2Bucket:R2Bucket",
    "worker": "cloudflare:index/workersScript:WorkersScript",
    "switch": "cloudflare:index/workersScriptSubdomain:WorkersScriptSubdomain",
    "crons": "cloudflare:index/workersCronTrigger:WorkersCronTrigger",
    "queue": "cloudflare:index/queue:Queue",
    "component": "autopilot:infra:Storage",
}
NAMES = {"kv": "title", "r2": "name", "queue": "queueName", "component": "name"}


def step(op: str, kind: str, name: str, **state: Any) -> dict[str, Any]:
    seen = {"type": TYPES[kind], "inputs": {NAMES.get(kind, "scriptName"): name}, **state}
    return {"op": op, "urn": f"urn:pulumi:dev::project::{TYPES[kind]}::{name}", _side(op): seen}


def _side(op: str) -> str:
    return "oldState" if op.startswith("delete") else "newState"


def preview(*steps: dict[str, Any], errors: tuple[str, ...] = ()) -> dict[str, Any]:
    told = [{"severity": "info", "message": "a table"}, *({"severity": "error", "message": each} for each in errors)]
    return {"steps": list(steps), "diagnostics": told}


def test_each_change_has_its_words() -> None:
    found = changes(
        preview(
            step("same", "kv", "REGISTRY"),
            step("create", "component", "storage"),
            step("create", "r2", "cards"),
            step("create", "worker", "greeter"),
            step("create", "switch", "greeter"),
            step("create", "crons", "greeter"),
            step("update", "crons", "router"),
            step("delete", "worker", "old"),
            step("delete", "crons", "old"),
            step("delete", "kv", "LOGS", retainOnDelete=True),
            step("delete", "queue", "efh-tasks", retainOnDelete=True),
            step("delete", "queue", "pr-7-efh-tasks"),
            step("delete", "r2", "pr-7-files"),
        )
    )

    assert words(found) == [
        "create R2 bucket cards",
        "create Worker greeter",
        "change cron triggers of Worker router",
        "remove Worker old",
        "no longer manage KV namespace LOGS: it stays in the account, with its data",
        "no longer manage queue efh-tasks: it stays in the account, with its data",
        "DELETE R2 bucket pr-7-files, with its data",
        "DELETE queue pr-7-efh-tasks, with its data",
    ]


def test_what_is_taken_over_is_not_created() -> None:
    steps = preview(step("create", "kv", "LOGS"), step("create", "r2", "cards"))

    assert changes(steps, but={(Kind.KV_NAMESPACE, "LOGS")}).created == ("R2 bucket cards",)


def test_a_failed_preview_tells_why_once() -> None:
    assert changes(preview(errors=("it exists ", "it exists"))).problems == ("it exists",)


def test_what_people_can_ask_for() -> None:
    before = RoutingTable(
        autopilots=(Route(name="clerk", capabilities=("crm.lead.create", "email.send")),),
        tasks={"create_lead": TaskRule(capability="crm.lead.create")},
    )
    after = RoutingTable(
        autopilots=(
            Route(name="clerk", capabilities=("crm.lead.create",)),
            Route(name="sales", capabilities=("crm.lead.create", "greet.person")),
        ),
        tasks={"greet": TaskRule(capability="greet.person")},
    )

    assert capability_changes(before, after) == [
        "new capability greet.person",
        "new task greet",
        "no longer capability email.send",
        "no longer task create_lead",
        "capability crm.lead.create: clerk, sales, before clerk",
    ]
    assert capability_changes(None, before)[0] == "new capability crm.lead.create"
    assert capability_changes(after, after) == []


def test_the_comment_says_how_what_is_kept_comes_back_and_goes() -> None:
    text = markdown(Changes(kept=("KV namespace LOGS",)), capabilities=["new task greet"])

    assert "- new task greet" in text
    assert "- KV namespace LOGS" in text
    assert "orchestrator adopt" in text
    assert "destroy-data" in text


def test_the_comment_of_nothing_and_of_a_failure() -> None:
    assert "Nothing changes." in markdown(Changes())
    assert "It would fail" in markdown(Changes(problems=("the KV namespace LOGS exists",)))


def test_a_replacement_makes_one_and_lets_go_of_another() -> None:
    made, left = step("create", "r2", "team-files"), step("delete", "r2", "files", retainOnDelete=True)
    both = made | {"op": "replace", "oldState": left["oldState"]}

    assert words(changes(preview(both))) == [
        "create R2 bucket team-files",
        "no longer manage R2 bucket files: it stays in the account, with its data",
    ]


def test_what_an_upload_takes_away_is_named_other_warnings_are_not() -> None:
    lost = message("clerk", ["logpush on (then off)"], "prod")
    warned = [{"severity": "warning", "message": each} for each in (f"{lost}\n", "a limit is near")]

    found = changes({"diagnostics": warned})

    assert found.overwritten == (lost,)
    assert lost in words(found)
    assert f"**Taken away, since the file does not say it**\n\n- {lost}" in markdown(found)
