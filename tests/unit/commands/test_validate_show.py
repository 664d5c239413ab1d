"""`validate`, `show` and `schema` as a person or a script calls them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from orchestrator.cli import main
from orchestrator.commands.table import COMMANDS
from orchestrator.manifest import load
from orchestrator.manifest.schema import schema_json
from tests.support.project import ROOT

SHIPPED = str(ROOT / "autopilots.yaml")


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A manifest with two mistakes, named as people name it: relative to where they are."""
    (tmp_path / "a,b.yaml").write_text("orchestrator: {worker: router}\nautopilots: []\ntask: {}\ntasks: {a: 100%}\n")
    monkeypatch.chdir(tmp_path)
    return "a,b.yaml"


def test_a_right_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", SHIPPED, "--no-compile"]) == 0

    manifest = load(SHIPPED)
    counts = f"{len(manifest.autopilots)} autopilots, {len(manifest.tasks)} tasks"
    assert capsys.readouterr() == (f"{SHIPPED} is right: {counts}\n", "")


def test_a_right_file_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", SHIPPED, "--no-compile", "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == []


def test_the_file_is_autopilots_yaml_where_none_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)

    assert main(["validate", "--no-compile"]) == 0
    assert "autopilots.yaml is right" in capsys.readouterr().out


def test_mistakes_for_a_person_go_to_stderr(broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", broken]) == 2

    assert capsys.readouterr() == (
        "",
        "a,b.yaml:3:1: unknown key `task` in the file [unknown-key]\n"
        "  did you mean `tasks`?\n"
        "a,b.yaml:4:12: `tasks.a` must be a mapping (`key: value`), and is `100%` [wrong-type]\n"
        "2 mistakes in a,b.yaml\n",
    )


def test_mistakes_as_json(broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", broken, "--json"]) == 2

    assert json.loads(capsys.readouterr().out) == [
        {
            "file": "a,b.yaml",
            "line": 3,
            "column": 1,
            "code": "unknown-key",
            "message": "unknown key `task` in the file",
            "hint": "did you mean `tasks`?",
        },
        {
            "file": "a,b.yaml",
            "line": 4,
            "column": 12,
            "code": "wrong-type",
            "message": "`tasks.a` must be a mapping (`key: value`), and is `100%`",
            "hint": "",
        },
    ]


def test_mistakes_as_github_annotations(broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", broken, "--github"]) == 2

    assert capsys.readouterr().out.splitlines() == [
        "::error file=a%2Cb.yaml,line=3,col=1,title=unknown-key::"
        "unknown key `task` in the file%0Adid you mean `tasks`?",
        "::error file=a%2Cb.yaml,line=4,col=12,title=wrong-type::"
        "`tasks.a` must be a mapping (`key: value`), and is `100%25`",
    ]


def test_show_as_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", SHIPPED]) == 0

    text = capsys.readouterr().out
    assert "R2 buckets (4)\n  NAME         LOCATION  JURISDICTION  STORAGE CLASS  NEEDED BY\n" in text
    assert "  efh-private  -         default       Standard       ai-employee, payout-batch\n" in text
    assert "    EFH_AGENT                   service       efh-agent\n" in text
    assert "  efh-agent: autopilots/employee/src/index.ts, for ai-employee, public\n" in text
    assert "  efh-page-deployer: autopilots/page-deployer/src/index.ts, for page-deployer, public\n" in text
    assert re.search(r"  run_payout_batch +payouts\.batch\.run +payout-batch +25 s +once\n", text)
    assert re.search(r"  generate_page_later +web\.pages\.generate +ai-stylist +25 s +asynchronous, idempotent\n", text)
    assert re.search(r"Queues \(2\)\n.+\n  efh-tasks +efh-autopilot-orchestrator", text)


def secret(name: str, *, optional: bool = False, autopilots: Sequence[str] = ()) -> dict[str, object]:
    return {"type": "secret_text", "name": name, "secret": name, "optional": optional, "autopilots": list(autopilots)}


def test_show_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", SHIPPED, "--json", "--name-prefix", "pr-7-", "--stage", "pr-7"]) == 0

    shown = json.loads(capsys.readouterr().out)
    assert list(shown) == ["kvNamespaces", "r2Buckets", "d1Databases", "queues", "workers", "routes"]
    assert shown["kvNamespaces"][0] == {
        "key": "AI_EMPLOYEE_LOGS",
        "title": "pr-7-AI_EMPLOYEE_LOGS",
        "owners": ["ai-employee"],
    }
    assert shown["workers"][0] == {
        "key": "efh-agent",
        "name": "pr-7-efh-agent",
        "owner": "ai-employee",
        "source": "autopilots/employee/src/index.ts",
        "content": None,
        "bindings": [
            {"type": "kv_namespace", "name": "AI_EMPLOYEE_LOGS", "namespace": "AI_EMPLOYEE_LOGS"},
            {"type": "plain_text", "name": "AUTOPILOTS", "text": "ai-employee"},
            {"type": "d1", "name": "EFH_CRM", "database": "efh-crm"},
            {"type": "r2_bucket", "name": "EFH_PRIVATE", "bucket": "efh-private"},
            {
                "type": "secret_text",
                "name": "MAIL_API_KEY",
                "secret": "MAIL_API_KEY",
                "optional": True,
                "autopilots": [],
            },
            {"type": "plain_text", "name": "STAGE", "text": "pr-7"},
            {
                "type": "secret_text",
                "name": "STRIPE_API_KEY",
                "secret": "STRIPE_API_KEY",
                "optional": True,
                "autopilots": [],
            },
            {
                "type": "secret_text",
                "name": "STRIPE_WEBHOOK_SECRET",
                "secret": "STRIPE_WEBHOOK_SECRET",
                "optional": True,
                "autopilots": [],
            },
            {"type": "queue", "name": "TASK_QUEUE", "queue": "efh-tasks"},
            {
                "type": "secret_text",
                "name": "WEBHOOK_SECRET",
                "secret": "WEBHOOK_SECRET",
                "optional": False,
                "autopilots": ["ai-employee"],
            },
        ],
        "crons": [],
        "compatibilityDate": "2026-07-01",
        "compatibilityFlags": [],
        "public": True,
        "observability": {"enabled": True, "headSamplingRate": 1},
        "placement": None,
        "limits": {"cpuMs": None},
        "tailConsumers": [],
        "logpush": False,
        "domains": [],
    }
    assert shown["routes"]["tasks"]["generate_page"]["capability"] == "web.pages.generate"


def test_show_of_a_broken_file_says_what_is_wrong(broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", broken]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("2 mistakes in a,b.yaml\n")


def test_a_setting_that_is_wrong_has_a_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", SHIPPED, "--name-prefix", "A"]) == 2

    assert capsys.readouterr().err.startswith("error: namePrefix `A` is not valid\n  use lower-case letters")


def test_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0

    assert capsys.readouterr().out == schema_json()


def test_help_teaches_by_examples(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--help"], *([command.name, "--help"] for command in COMMANDS)):
        with pytest.raises(SystemExit) as stopped:
            main(arguments)

        assert stopped.value.code == 0
        assert "python -m orchestrator" in capsys.readouterr().out.partition("example")[2]


def test_no_command_shows_the_help_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2

    assert "validate" in capsys.readouterr().err


class Stubborn:
    """A stream that fails as a test says."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def write(self, _: str) -> int:
        raise self.error

    def isatty(self) -> bool:
        return False

    def flush(self) -> None:
        pass


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (KeyboardInterrupt(), 130, "\n"),
        (
            RuntimeError("odd"),
            1,
            "error: this is a bug in the orchestrator: RuntimeError at terminal.py",
        ),
    ],
)
def test_what_fails_ends_without_a_traceback(
    error: BaseException, code: int, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", Stubborn(error))

    assert main(["schema"]) == code
    assert says in capsys.readouterr().err


def test_a_traceback_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRATOR_DEBUG", "1")
    monkeypatch.setattr(sys, "stdout", Stubborn(RuntimeError("odd")))

    with pytest.raises(RuntimeError, match="odd"):
        main(["schema"])


def test_outside_of_the_project_the_file_alone_is_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["validate", SHIPPED, "--json"]) == 0
    assert capsys.readouterr() == ("[]\n", "the Workers' sources were not compiled: this is not the project's folder\n")


MISSPELT = """\
orchestrator: {worker: efh-o}
autopilots:
  - name: a
    worker: efh-a
    capabilities: [x]
    needs:
      workers:
        - name: efh-a
          content: export default {}
          compatibilityFlags: [nodejs_compatt, fixup-transform-stream-backpressure]
"""


def test_a_flag_that_nobody_knows_is_a_warning_with_its_place_and_the_nearest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "autopilots.yaml").write_text(MISSPELT)

    assert main(["validate", "--no-compile"]) == 0
    told = capsys.readouterr().err
    assert told.startswith("warning: autopilots.yaml:10:32: workerd ")
    assert "knows no compatibility flag `nodejs_compatt`" in told
    assert told.endswith("[unknown-compatibility-flag]\n  the nearest is nodejs_compat\n")
    assert main(["validate", "--no-compile", "--github"]) == 0
    assert capsys.readouterr().out.startswith("::warning file=autopilots.yaml,line=10,col=32,")
