"""Registrations written into a manifest: what is added, and that nothing else changes."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.errors import ManifestError
from orchestrator.manifest import parse
from orchestrator.manifest.edit import add_autopilots, add_settings, add_tasks, entry
from tests.support.project import ROOT

SHIPPED = (ROOT / "autopilots.yaml").read_text()
HELPER: dict[str, Any] = {
    "name": "helper",
    "endpoint": "https://helper.example.com/run",
    "capabilities": ["help.give", "on"],
    "priority": 5,
    "needs": {"kvNamespaces": ["Some: title"], "r2Buckets": ["efh-x"]},
}
LINES = """\
- name: helper
  endpoint: https://helper.example.com/run
  capabilities: [help.give, "on"]
  priority: 5
  needs:
    kvNamespaces: ["Some: title"]
    r2Buckets: [efh-x]
"""


def manifest(autopilots: str, after: str = "tasks: {}\n") -> str:
    return f"# ours\norchestrator: {{worker: efh-o}} # the router\n{autopilots}{after}"


def indented(spaces: int) -> str:
    return "".join(f"{' ' * spaces}{line}\n" for line in LINES.splitlines())


ONE = "  - {name: a, endpoint: https://a.example.com, capabilities: [x]}"
SEVERAL_LINES = "{workers: [\n    {name: w, content: c}]\n    }"
TEXT = """\
autopilots:
  - name: a
    worker: w
    capabilities: [x]
    needs:
      workers:
        - name: w
          content: |
            export default {}
"""
FLOW = '{"name": "helper", "endpoint": "https://helper.example.com/run", "capabilities": ["help.give", "on"], '
FLOW += '"priority": 5, "needs": {"kvNamespaces": ["Some: title"], "r2Buckets": ["efh-x"]}}'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(f"autopilots:\n{ONE}\n", f"autopilots:\n{ONE}\n{indented(2)}", id="a list of one"),
        pytest.param(
            f"autopilots:\n{ONE} # the first\n\n# about tasks\n",
            f"autopilots:\n{ONE} # the first\n{indented(2)}\n# about tasks\n",
            id="comments stay where they are",
        ),
        pytest.param(
            "autopilots:\n- name: a\n  endpoint: https://a.example.com\n  capabilities:\n  - x # one\n",
            f"autopilots:\n- name: a\n  endpoint: https://a.example.com\n  capabilities:\n  - x # one\n{LINES}",
            id="a list that is not indented",
        ),
        pytest.param(
            f"autopilots:\n{ONE}\n\n  # the second\n{ONE.replace('a,', 'b,')}\n",
            f"autopilots:\n{ONE}\n\n  # the second\n{ONE.replace('a,', 'b,')}\n\n{indented(2)}",
            id="empty lines between items",
        ),
        pytest.param("autopilots: []\n", f"autopilots: [{FLOW}]\n", id="an empty list"),
        pytest.param(
            f"autopilots: [\n{ONE[4:]}, # the first\n]\n",
            f"autopilots: [\n{ONE[4:]}, {FLOW}, # the first\n]\n",
            id="a list in brackets",
        ),
        pytest.param(
            f"autopilots:\n{ONE[:-1]}, needs: {SEVERAL_LINES} }} # end\n",
            f"autopilots:\n{ONE[:-1]}, needs: {SEVERAL_LINES} }} # end\n{indented(2)}",
            id="braces over several lines",
        ),
        pytest.param(
            f"{TEXT}\n\n# about tasks\n",
            f"{TEXT}{indented(2)}\n\n# about tasks\n",
            id="a block of text at the end",
        ),
    ],
)
def test_the_entry_is_added_and_nothing_else_changes(before: str, after: str) -> None:
    assert add_autopilots(manifest(before), [HELPER]) == manifest(after)


def test_a_file_that_ends_with_its_list_and_without_a_line_break() -> None:
    text = f"orchestrator: {{worker: efh-o}}\nautopilots:\n{ONE}"

    assert add_autopilots(text, [HELPER]) == f"{text}\n{indented(2)}"


def test_a_file_with_the_line_breaks_of_windows_keeps_them() -> None:
    before, after = manifest(f"autopilots:\n{ONE}\n"), manifest(f"autopilots:\n{ONE}\n{indented(2)}")

    assert add_autopilots(before.replace("\n", "\r\n"), [HELPER]) == after.replace("\n", "\r\n")


@pytest.mark.parametrize("autopilots", ["autopilots: []\n", f"autopilots:\n{ONE}\n"], ids=["brackets", "block"])
def test_a_byte_order_mark_stays(autopilots: str) -> None:
    added = add_autopilots("\ufeff" + manifest(autopilots), [HELPER])

    assert added == "\ufeff" + add_autopilots(manifest(autopilots), [HELPER])


def test_the_shipped_file_keeps_every_line() -> None:
    added = add_autopilots(SHIPPED, [HELPER, {**HELPER, "name": "another"}])

    assert [route.name for route in parse(added).autopilots][-2:] == ["helper", "another"]
    kept = iter(added.splitlines())
    assert all(line in kept for line in SHIPPED.splitlines())  # in the same order
    assert f"\n\n{indented(2)}\n" in added


def test_nothing_to_add_changes_nothing() -> None:
    assert add_autopilots(SHIPPED, []) == SHIPPED


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"name": "ai-employee"}, "duplicate-autopilot"), ({"endpoint": "https://10.0.0.1/"}, "endpoint-ip-literal")],
)
def test_an_entry_that_breaks_the_manifests_rules_is_refused(wrong: dict[str, str], code: str) -> None:
    with pytest.raises(ManifestError) as raised:
        add_autopilots(SHIPPED, [{**HELPER, **wrong}])

    assert [issue.code for issue in raised.value.issues] == [code]


def test_an_entry_says_no_defaults_and_nothing_of_the_record() -> None:
    registration = {
        "name": "helper",
        "endpoint": "https://helper.example.com/",
        "capabilities": ["x"],
        "priority": 0,
        "weight": 3,
        "needs": {"kvNamespaces": [], "r2Buckets": ["efh-x"], "workers": ["efh-w"]},
        "infrastructure": "missing",
        "etag": '"0"',
    }

    assert entry(registration) == {
        "name": "helper",
        "endpoint": "https://helper.example.com/",
        "capabilities": ["x"],
        "weight": 3,
        "needs": {"r2Buckets": ["efh-x"]},
    }


TASK: dict[str, Any] = {"help": {"capability": "x.y", "description": "Help: a lot", "idempotent": True}}
TASK_LINE = 'help: { capability: x.y, description: "Help: a lot", idempotent: true }'
X = "autopilots: [{name: x, endpoint: 'https://x.example.com/', capabilities: [x.y]}]\n"


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        ("", f"\ntasks:\n  {TASK_LINE}\n"),
        (
            "tasks:\n    a: {capability: x.y} # one\n# end\n",
            f"tasks:\n    a: {{capability: x.y}} # one\n    {TASK_LINE}\n# end\n",
        ),
        ("tasks:\n  a:\n    capability: x.y\n", f"tasks:\n  a:\n    capability: x.y\n  {TASK_LINE}\n"),
        ("tasks:\n  a: {capability: x.y}", f"tasks:\n  a: {{capability: x.y}}\n  {TASK_LINE}\n"),
    ],
)  # fmt: skip
def test_a_task_goes_to_the_end_of_the_tasks(tasks: str, expected: str) -> None:
    text = manifest(X, tasks)

    assert add_tasks(text, TASK) == manifest(X, expected)


@pytest.mark.parametrize("tasks", ["tasks: {}\n", "tasks: {a: {capability: x.y}} # ours\n"])
def test_a_task_goes_into_a_flow_mapping_too(tasks: str) -> None:
    added = parse(add_tasks(manifest(X, tasks), TASK)).tasks

    assert added["help"].description == "Help: a lot"


def test_a_needed_worker_stands_below_the_others() -> None:
    worker = {"name": "efh-you", "source": "you.ts", "crons": ["0 * * * *"], "ai": True, "vars": {"A": "1"}}
    one = {"name": "you", "worker": "efh-you", "capabilities": ["you.do"], "needs": {"workers": [worker]}}
    block = "autopilots:\n- {name: x, endpoint: 'https://x.example.com/', capabilities: [x.y]}\n"

    added = add_autopilots(manifest(block), [one])

    below = """\
- name: you
  worker: efh-you
  capabilities: [you.do]
  needs:
    workers:
      - name: efh-you
        source: you.ts
        crons: ["0 * * * *"]
        ai: true
        vars:
          A: "1"
"""
    assert added == manifest(block + below)


WORKERS = """\
# ours
orchestrator: {worker: efh-o}
autopilots:
  - name: a
    worker: w # the one
    capabilities: [x]
    needs:
      workers:
        - name: w
          public: false # on purpose
          content: |
            export default {}

        # below it
        - {name: v, source: v.ts} # short
  - {name: b, worker: w, capabilities: [y], needs: {workers: [{name: w, public: false,
      content: "export default {}\\n"}]}}
"""


def test_a_workers_settings_are_added_wherever_it_stands_and_what_it_says_stays() -> None:
    settings: dict[str, dict[str, Any]] = {
        "w": {"public": True, "compatibilityDate": "2026-01-01", "observability": {"headSamplingRate": 0.1}},
        "v": {"crons": ["0 6 * * *"], "logpush": True},
        "elsewhere": {"public": True},
    }
    day, share = 'compatibilityDate: "2026-01-01"', "observability: { headSamplingRate: 0.1 }"

    assert add_settings(WORKERS, settings) == (
        WORKERS.replace("{}\n\n", "{}\n" + f"          {day}\n          {share}\n\n")
        .replace("v.ts}", 'v.ts, crons: ["0 6 * * *"], logpush: true}')
        .replace('{}\\n"}', '{}\\n", ' + f"{day}, {share}}}")
    )


def test_settings_that_the_file_may_not_have_are_refused() -> None:
    with pytest.raises(ManifestError, match="invalid-compatibility-date"):
        add_settings(WORKERS, {"v": {"compatibilityDate": "soon"}})
