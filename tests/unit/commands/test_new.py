"""`new`: an autopilot by each template; what it writes, and what it refuses to."""

from __future__ import annotations

import difflib
import json
from pathlib import Path

import pytest
import yaml

from orchestrator.catalog import load_catalog
from orchestrator.catalog.templates import load_template, render, template_names
from orchestrator.cli import main
from orchestrator.manifest import load, parse
from tests.support.project import ROOT

TEMPLATES = template_names(ROOT)
MANIFEST = """\
# ours
orchestrator: {worker: efh-o} # the router

autopilots:
  - name: helper # who helps
    endpoint: https://helper.example.com/
    capabilities: [help.give]

# what callers ask for
tasks:
  help: {capability: help.give} # one
# the end
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog/templates").symlink_to(ROOT / "catalog/templates")
    (tmp_path / "autopilots.yaml").write_text(MANIFEST)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_issues_templates_are_there() -> None:
    assert [
        *("ai-text", "cron-collector", "external-api", "http-relay", "kv-cache"),
        *("python-service", "queue-consumer", "webhook-receiver"),
    ] == TEMPLATES


@pytest.mark.parametrize("template", TEMPLATES)
def test_it_writes_code_test_and_entries_and_changes_nothing_else(project: Path, template: str) -> None:
    assert main(["new", "rye-bread", "--template", template]) == 0

    text = (project / "autopilots.yaml").read_text()
    changes = difflib.ndiff(MANIFEST.splitlines(), text.splitlines())
    assert {line[0] for line in changes} == {" ", "+"}, "comments and order stay"
    autopilot = next(each for each in load(project / "autopilots.yaml").autopilots if each.name == "rye-bread")
    [capability] = autopilot.capabilities
    entry = load_catalog(project)[capability]
    assert entry.version == "1.0.0"
    for worker in autopilot.needs.workers:
        assert worker.source
        assert (project / worker.source).is_file()
    assert (project / "tests/integration/autopilots/test_rye_bread.py").is_file()
    written = [path for path in project.rglob("*") if path.is_file() and "templates" not in path.parts]
    assert not [path for path in written if "{{" in path.read_text()]


def test_json_for_scripts(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["templates"]
    assert [each["name"] for each in listed] == TEMPLATES
    assert set(listed[0]) == {"name", "title", "description", "version", "settings"}

    told = []
    for way in (["--dry-run"], []):
        assert main(["new", "rye", "--template", "kv-cache", "--set", "ttl=900", "--json", *way]) == 0
        told.append(json.loads(capsys.readouterr().out))
        assert (project / "autopilots/rye").exists() == told[-1]["isWritten"]
    planned, done = told

    assert planned | {"isWritten": True} == done
    assert list(done) == ["autopilot", "template", "version", "settings", "changes", "tasks", "next", "isWritten"]
    assert {each["path"] for each in done["changes"]} == {
        str(path.relative_to(project))
        for path in project.rglob("*")
        if path.is_file() and "templates" not in path.parts
    }
    assert '+            CACHE_SECONDS: "900"' in next(
        each["diff"] for each in done["changes"] if each["path"] == "autopilots.yaml"
    )
    assert done["settings"]["ttl"] == "900"
    assert "make catalog" in done["next"]


def test_a_dry_run_shows_it_and_writes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(project.rglob("*"))

    assert main(["new", "rye", "--template", "kv-cache", "--set", "ttl=900", "--dry-run"]) == 0

    shown = capsys.readouterr().out
    assert '+            CACHE_SECONDS: "900"' in shown
    assert "+++ autopilots/rye/src/index.ts" in shown
    assert sorted(project.rglob("*")) == before
    assert (project / "autopilots.yaml").read_text() == MANIFEST


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rye", "--template", "kv-cach"], "did you mean `kv-cache`?"),
        (["Rye", "--template", "kv-cache"], "`Rye` is no name for a new autopilot"),
        (["rye"], "--template says by which template"),
        (["--template", "kv-cache"], "has no name"),
        (["rye", "--template", "kv-cache", "--set", "size=1"], "has no setting `size`"),
        (["rye", "--template", "kv-cache", "--set", "ttl"], "has no value"),
        (["rye", "--template", "kv-cache", "--set", 'url=https://x"}'], "cannot be the setting `url`"),
        (["rye", "--template", "kv-cache", "--set", "url=http://x.example.com"], "cannot be the setting `url`"),
        (["helper", "--template", "kv-cache"], "has an autopilot `helper` already"),
    ],
)
def test_what_is_not_right_is_told(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["new", *arguments]) == 2

    assert message in capsys.readouterr().err
    assert (project / "autopilots.yaml").read_text() == MANIFEST


def test_what_is_there_is_not_written_over(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = project / "autopilots/rye/src/index.ts"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")

    assert main(["new", "rye", "--template", "kv-cache"]) == 2

    assert "autopilots/rye/src/index.ts is there already" in capsys.readouterr().err
    assert (mine.read_text(), (project / "autopilots.yaml").read_text()) == ("mine", MANIFEST)


def test_without_a_template_they_are_listed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new"]) == 0

    listed = capsys.readouterr().out
    assert all(f"{name}: " in listed for name in TEMPLATES)
    assert "--set ttl=3600" in listed


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_a_template_declares_is_right_by_itself(template: str) -> None:
    rendered = render(load_template(ROOT, template), "rye", {})
    manifest = {"orchestrator": {"worker": "efh-o"}, "autopilots": [dict(rendered.autopilot)], "tasks": rendered.tasks}

    assert parse(yaml.safe_dump(manifest, sort_keys=False)).tasks.keys() == {"rye"}
