"""`template`: a template that changed after an autopilot was written by it, and what the person changed meanwhile."""

from __future__ import annotations

import contextlib
import json
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.catalog.merge import MARK
from orchestrator.catalog.origin import Origin, load_origin, origin_path
from orchestrator.catalog.template_changes import find_changes
from orchestrator.catalog.templates import Rendered, load_template, render, template_names
from orchestrator.cli import main
from orchestrator.manifest import load, parse
from orchestrator.manifest.edit import add_autopilots, add_tasks
from tests.support.project import ROOT

TEMPLATES = template_names(ROOT)
KV_CACHE = load_template(ROOT, "kv-cache")
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
SOURCE = "autopilots/rye/src/index.ts"
TEST = "tests/integration/autopilots/test_rye.py"
ENTRY = "catalog/capabilities/rye.get.yaml"
RECORD = origin_path("rye")


@dataclass(frozen=True)
class Project:
    """A project with templates of its own, in which `rye` was written by kv-cache."""

    root: Path
    capsys: pytest.CaptureFixture[str]

    def run(self, line: str, expect: int = 0) -> str:
        """What a command prints, both streams."""
        self.capsys.readouterr()
        assert main(shlex.split(line)) == expect
        shown = self.capsys.readouterr()
        return shown.out + shown.err

    def asked(self, line: str, expect: int = 0) -> Any:
        return json.loads(self.run(f"{line} --json", expect))

    def edit(self, path: str, old: str, new: str) -> None:
        text = self.read(path)
        assert old in text
        (self.root / path).write_bytes(text.replace(old, new).encode())

    def edit_template(self, file: str, old: str, new: str, template: str = "kv-cache") -> None:
        self.edit(f"catalog/templates/{template}/{file}", old, new)

    def read(self, path: str) -> str:
        return (self.root / path).read_bytes().decode()

    def texts(self) -> dict[str, str]:
        """Everything but the templates."""
        paths = (path.relative_to(self.root) for path in self.root.rglob("*") if path.is_file())
        return {str(path): self.read(str(path)) for path in paths if path.parts[:2] != ("catalog", "templates")}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    shutil.copytree(ROOT / "catalog/templates/kv-cache", folder / "catalog/templates/kv-cache")
    (folder / "autopilots.yaml").write_text(MANIFEST)
    with pytest.MonkeyPatch.context() as here:
        here.chdir(folder)
        assert main(["new", "rye", "--template", "kv-cache", "--set", "ttl=900"]) == 0
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Project:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path, capsys)


def test_new_writes_down_which_template_which_version_and_what_was_set(project: Project) -> None:
    document = yaml.safe_load(project.read(RECORD))

    assert (document["template"], document["settings"]) == ("kv-cache", {"ttl": "900"})
    assert document["version"] == load_template(project.root, "kv-cache").version
    assert document["files"][SOURCE] == project.read(SOURCE)


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_is_written_down_is_read_again_and_has_nothing_to_bring_in(template: str, tmp_path: Path) -> None:
    loaded = load_template(ROOT, template)
    rendered = render(loaded, "rye", {})
    origin = Origin.of(loaded, {}, rendered)
    (tmp_path / RECORD).parent.mkdir(parents=True)
    (tmp_path / RECORD).write_bytes(origin.text().encode())
    texts = {
        **rendered.files,
        "autopilots.yaml": add_tasks(add_autopilots(MANIFEST, [rendered.autopilot]), rendered.tasks),
    }

    assert load_origin(tmp_path, "rye") == origin
    assert find_changes("rye", origin.rendered, render(loaded, "rye", {}), texts.get) == []


def test_one_just_made_has_an_empty_diff_and_update_changes_nothing(project: Project) -> None:
    before = project.texts()

    assert "has all that its template" in project.run("template diff rye")
    project.run("template update rye")
    document = project.asked("template update rye")

    assert (document["changes"], document["settings"]) == ([], {"ttl": "900"})
    assert project.texts() == before


def test_what_nobody_touched_becomes_the_templates(project: Project) -> None:
    project.edit_template("index.ts.tmpl", "a day.\n", "a day.\n// New.\n")
    project.edit_template("declared.yaml.tmpl", "CACHE_SECONDS", "CACHE_FOR")
    before = project.texts()

    shown = project.run("template diff rye", expect=7)
    assert "+// New.\n" in shown
    assert '+            CACHE_FOR: "900"' in shown
    assert project.run("template update rye --dry-run").startswith("--- autopilots/rye/src/index.ts")
    assert project.texts() == before

    assert f"{SOURCE}: replaced" in project.run("template update rye")
    assert "// New.\n" in project.read(SOURCE)
    assert project.read("autopilots.yaml") == before["autopilots.yaml"].replace("CACHE_SECONDS", "CACHE_FOR")
    assert load(project.root / "autopilots.yaml")
    assert project.asked("template diff rye")["changes"] == []


def test_what_both_changed_is_merged(project: Project) -> None:
    project.edit(SOURCE, "export default serve", "// Mine.\nexport default serve")
    project.edit(ENTRY, "title: Get an item", "title: Get a loaf # mine")
    project.edit("autopilots.yaml", "name: rye\n", "name: rye # mine\n")
    project.edit_template("index.ts.tmpl", "a day.\n", "a day.\n// New.\n")
    project.edit_template("capability.yaml.tmpl", "cost: One read", "cost: A read")
    project.edit_template("declared.yaml.tmpl", "CACHE_SECONDS", "CACHE_FOR")

    document = project.asked("template update rye")

    assert [each["what"] for each in document["changes"]] == ["merged", "merged", "merged"]
    assert "// Mine.\n" in project.read(SOURCE)
    assert "// New.\n" in project.read(SOURCE)
    assert "title: Get a loaf # mine\n" in project.read(ENTRY)
    assert "cost: A read" in project.read(ENTRY)
    assert "name: rye # mine\n" in project.read("autopilots.yaml")
    assert "CACHE_FOR" in project.read("autopilots.yaml")


def test_a_conflict_is_marked_in_code_and_named(project: Project) -> None:
    project.edit(SOURCE, "must be a key such as rye-bread", "mine")
    project.edit_template("index.ts.tmpl", "must be a key such as rye-bread", "theirs")
    assert MARK in project.run("template diff rye", expect=7)

    assert f"{SOURCE}: conflict" in project.run("template update rye", expect=2)

    marked = project.read(SOURCE)
    assert f"{MARK}yours\n" in marked
    assert 'message: "mine"' in marked
    assert 'message: "theirs"' in marked
    project.run("template diff rye")  # the rest is the person's
    project.edit_template("index.ts.tmpl", "theirs", "theirs, later")
    assert "still has the marks of a conflict" in project.run("template update rye", expect=2)
    assert project.read(SOURCE) == marked
    (project.root / SOURCE).write_text(load_origin(project.root, "rye").rendered.files[SOURCE])  # type: ignore[union-attr]
    project.run("template update rye")
    assert "theirs, later" in project.read(SOURCE)


class Killed(BaseException):
    """What ends a process at once, as far as its files tell."""


def kill_at(number: int, patch: pytest.MonkeyPatch) -> None:
    """Let the process end right before it moves or takes away the file of that number; nothing is tidied up then."""
    moves = 0

    def ending(does: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            nonlocal moves
            moves += 1
            if moves >= number:
                raise Killed
            return does(*arguments, **options)

        return counted

    for name in ("replace", "unlink"):
        patch.setattr(Path, name, ending(getattr(Path, name)))


def edit_all(project: Project) -> None:
    """The template changes a file with a conflict, one that nobody touched, an entry; one comes, and one goes."""
    project.edit(SOURCE, "must be a key such as rye-bread", "mine")
    project.edit_template("index.ts.tmpl", "must be a key such as rye-bread", "theirs")
    project.edit_template("index.ts.tmpl", "a day.\n", "a day.\n// New.\n")
    project.edit_template("test.py.tmpl", "comes from KV", "is from KV")
    project.edit_template("declared.yaml.tmpl", "CACHE_SECONDS", "CACHE_FOR")
    project.edit_template("template.yaml", "verb: get", "verb: fetch")


@pytest.mark.parametrize("number", range(1, 8))
def test_an_update_that_was_killed_between_two_files_is_finished_by_the_next(
    project: Project, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit_all(project)
    before = project.texts()
    project.run("template update rye", expect=2)
    whole = project.texts()
    for path in whole.keys() - before.keys():
        (project.root / path).unlink()
    for path, text in before.items():
        (project.root / path).write_text(text)

    with monkeypatch.context() as patch:
        kill_at(number, patch)
        with contextlib.suppress(Killed):
            main(["template", "update", "rye"])
    if number == 1:
        assert {path: text for path, text in project.texts().items() if not path.endswith(".tmp")} == before

    project.run("template update rye", expect=2 if project.read(RECORD) != whole[RECORD] else 0)
    assert project.texts() == whole


def test_a_conflict_of_entries_leaves_what_the_person_wrote_and_shows_the_templates(project: Project) -> None:
    project.edit("autopilots.yaml", 'CACHE_SECONDS: "900"', 'CACHE_SECONDS: "60"')
    project.edit(ENTRY, "title: Get an item", "title: Get a loaf")
    project.edit_template("declared.yaml.tmpl", "CACHE_SECONDS", "CACHE_FOR")
    project.edit_template("capability.yaml.tmpl", "title: Get an item", "title: Get it")
    before = project.texts()

    shown = project.run("template update rye", expect=2)

    assert "autopilots.yaml: conflict: what you wrote stays" in shown
    assert '+            CACHE_FOR: "900"' in shown
    assert "+title: Get it\n" in shown
    after = project.texts()
    assert [path for path in after if after[path] != before[path]] == [RECORD]


def test_a_file_that_comes_goes_or_was_deleted(project: Project) -> None:
    project.edit_template("template.yaml", "verb: get", "verb: fetch")
    (project.root / TEST).unlink()
    project.edit_template("test.py.tmpl", "comes from KV", "is from KV")

    document = project.asked("template update rye", expect=2)

    what = {each["path"]: each["what"] for each in document["changes"]}
    assert (what[TEST], what[ENTRY], what["catalog/capabilities/rye.fetch.yaml"]) == ("kept", "removed", "added")
    assert not (project.root / TEST).exists()
    assert not (project.root / ENTRY).exists()
    assert load(project.root / "autopilots.yaml").tasks["rye"].capability == "rye.fetch"


def test_a_file_that_the_template_no_longer_has_stays_where_the_person_changed_it(project: Project) -> None:
    project.edit(ENTRY, "title: Get an item", "title: Mine")
    project.edit_template("template.yaml", "verb: get", "verb: fetch")

    project.run("template update rye", expect=2)

    assert "title: Mine" in project.read(ENTRY)


def test_what_would_not_be_a_right_manifest_is_not_brought_in(project: Project) -> None:
    project.edit("autopilots.yaml", "rye: {", "loaf: {")  # a task of another name asks for the capability
    project.edit_template("template.yaml", "verb: get", "verb: fetch")
    before = project.read("autopilots.yaml")

    assert "autopilots.yaml: conflict" in project.run("template update rye", expect=2)

    assert project.read("autopilots.yaml") == before


def test_another_setting_is_brought_in_and_kept(project: Project) -> None:
    project.run("template update rye --set ttl=60")

    assert 'CACHE_SECONDS: "60"' in project.read("autopilots.yaml")
    assert project.asked("template diff rye")["settings"] == {"ttl": "60"}


def test_a_setting_that_the_template_no_longer_has_is_left_out(project: Project) -> None:
    text = project.read("catalog/templates/kv-cache/template.yaml")
    (project.root / "catalog/templates/kv-cache/template.yaml").write_text(text[: text.index("  ttl:")])
    for file in ("declared.yaml.tmpl", "test.py.tmpl"):
        project.edit_template(file, "{{ttl}}", "3600")

    assert "has no setting `ttl` any more" in project.run("template update rye")
    assert project.asked("template diff rye")["settings"] == {}


def test_a_setting_that_it_no_longer_takes_names_the_way_out(project: Project) -> None:
    project.edit_template("template.yaml", "[6-9][0-9]|[1-9][0-9]{2,6}", "[0-9]{4}")

    assert "--set NAME=VALUE says another value" in project.run("template update rye", expect=2)
    project.run("template update rye --set ttl=1800")


def test_windows_line_ends_stay(project: Project) -> None:
    for path in (SOURCE, "autopilots.yaml"):
        (project.root / path).write_bytes(project.read(path).replace("\n", "\r\n").encode())
    project.edit(SOURCE, "export default", "// Mine.\r\nexport default")
    project.edit_template("index.ts.tmpl", "a day.\n", "a day.\n// New.\n")
    project.edit_template("declared.yaml.tmpl", "CACHE_SECONDS", "CACHE_FOR")

    project.run("template update rye")

    for path in (SOURCE, "autopilots.yaml"):
        assert project.read(path).count("\n") == project.read(path).count("\r\n")


def test_one_without_a_record_is_told_the_way_out_which_works(project: Project) -> None:
    (project.root / RECORD).unlink()
    project.edit(SOURCE, "a day.\n", "a day.\n// Mine.\n")
    assert "template record rye --template TEMPLATE" in project.run("template diff rye", expect=2)

    shown = project.run("template record rye --template kv-cache --set ttl=900")

    assert f"{SOURCE} is not as the template writes it" in shown
    project.run("template diff rye")
    project.edit_template("index.ts.tmpl", "export default", "// New.\nexport default")
    project.run("template update rye")
    assert "// Mine.\n" in project.read(SOURCE)
    assert "// New.\n" in project.read(SOURCE)


def test_a_template_that_is_gone_is_told_the_way_out_which_works(project: Project) -> None:
    (project.root / "catalog/templates/kv-cache").rename(project.root / "catalog/templates/cache")
    assert [each["state"] for each in project.asked("template list")["autopilots"]] == ["gone"]
    assert f"delete {RECORD}" in project.run("template diff rye", expect=2)

    (project.root / RECORD).unlink()
    project.run("template record rye --template cache --set ttl=900")

    project.run("template diff rye")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("template diff ry", "did you mean `rye`?"),
        ("template diff rye --set size=1", "has no setting `size`"),
        ("template diff rye --set ttl", "has no value"),
        ("template record rye --template kv-cache", "is there already"),
        ("template record helper --template kv-cache", "helper was not written by the template kv-cache"),
        ("template record helpe --template kv-cache", "did you mean `helper`?"),
        ("template diff helper", "template record helper --template TEMPLATE"),
    ],
)
def test_what_is_not_right_is_told_and_nothing_is_written(project: Project, line: str, message: str) -> None:
    before = project.texts()

    assert message in project.run(line, expect=2)

    assert project.texts() == before


_NOTHING = "settings: {}, autopilot: {}, tasks: {}, files: {}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "a: [",
        "\ud800",
        "template: x\n",
        f"{{template: 1, version: '', {_NOTHING}}}",
        f"{{template: x, version: '', {_NOTHING.replace('files: {}', 'files: {../x: a}')}}}",
        f"{{template: x, version: '', {_NOTHING.replace('files: {}', 'files: {tests/../../x: a}')}}}",
        f"{{template: x, version: '', {_NOTHING.replace('files: {}', 'files: {.: a}')}}}",
        f"{{template: x, version: '', {_NOTHING.replace('autopilot: {}', 'autopilot: []')}}}",
    ],
)
def test_a_record_that_new_did_not_write_is_told(project: Project, text: str) -> None:
    (project.root / RECORD).write_bytes(text.encode(errors="surrogatepass"))

    shown = project.run("template update rye", expect=2)

    assert f"{RECORD} is not what was written there" in shown
    assert f"delete {RECORD}, then: python -m orchestrator template record rye --template TEMPLATE" in shown


def test_they_are_listed_with_the_state_of_what_was_written(project: Project) -> None:
    assert "kv-cache: " in project.run("template list")
    assert [each["state"] for each in project.asked("template list")["autopilots"]] == ["current"]

    project.edit_template("index.ts.tmpl", "a day.\n", "a day.\n// New.\n")

    listed = project.asked("template list")
    assert [(each["name"], each["state"]) for each in listed["autopilots"]] == [("rye", "changed")]
    assert listed["templates"][0]["settings"]["ttl"]["default"] == "3600"


_LINES = st.lists(st.sampled_from(["a", "b", "{", "}", "", "# c"]), max_size=6)


@settings(max_examples=15, deadline=None)
@given(base=_LINES, mine=_LINES, theirs=_LINES, suffix=st.sampled_from([".ts", ".yaml"]))
def test_no_line_of_the_persons_is_lost(base: list[str], mine: list[str], theirs: list[str], suffix: str) -> None:
    path = f"catalog/x{suffix}"
    wrote = [f"{line} mine {number}" if number % 2 else line for number, line in enumerate(mine)]
    texts = {path: "".join(f"{line}\n" for line in wrote), "autopilots.yaml": MANIFEST}

    def rendered(lines: list[str]) -> Rendered:
        return Rendered(files={path: "".join(f"{line}\n" for line in lines)}, autopilot={}, tasks={})

    found = find_changes("rye", rendered(base), rendered(theirs), texts.get)

    after = found[0].after if found else texts[path]
    assert after is not None
    kept = after.splitlines()
    assert all(kept.count(line) >= 1 for line in wrote if line not in base)
    assert [line for line in kept if line in wrote and "mine" in line] == [line for line in wrote if "mine" in line]


@settings(max_examples=8, deadline=None)
@given(seconds=st.integers(60, 9999999), comment=st.text("ab #:", max_size=8), other=st.booleans())
def test_the_rest_of_the_file_stays_whatever_stands_in_the_entry(seconds: int, comment: str, other: bool) -> None:
    template = KV_CACHE
    then = render(template, "rye", {})
    today = render(template, "rye", {"ttl": str(seconds)} if other else {"url": "https://x.example.com"})
    text = add_tasks(add_autopilots(MANIFEST, [then.autopilot]), then.tasks)
    text = text.replace("name: rye\n", f"name: rye # {comment}\n")

    found = find_changes("rye", then, today, {**then.files, "autopilots.yaml": text}.get)

    after = next((each.after for each in found if each.path == "autopilots.yaml"), text) or ""
    assert parse(after)
    assert f"name: rye # {comment}\n" in after
    before_lines, after_lines = text.splitlines(), after.splitlines()
    assert len(before_lines) == len(after_lines)
    assert {one for one, two in zip(before_lines, after_lines, strict=True) if one != two} <= {
        line for line in before_lines if "SOURCE_URL" in line or "CACHE_SECONDS" in line
    }
