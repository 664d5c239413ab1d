"""`validate` and the types of the sources: a type error, a binding that the file does not give, and none of these."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.bundle.type_check import check_types
from orchestrator.desired.derive import derive
from orchestrator.errors import BundleError
from orchestrator.manifest import parse
from tests.support.project import ROOT

FILE = """
orchestrator: {worker: router}
autopilots:
  - name: greeter
    worker: greeter
    capabilities: [greet.person]
    needs:
      kvNamespaces: [GREETINGS]
      workers:
        - {name: greeter, source: greeter/index.ts, secrets: [{name: KEY, optional: true}], compatibilityFlags: FLAGS}
"""
WORKER = """import page from "./page.html";
interface Env { GREETINGS: KVNamespace; KEY?: string }
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    return new Response((await env.GREETINGS.get("last")) ?? page);
  },
};
"""


def mistakes(root: Path, source: str, flags: str = "[]") -> list[tuple[str, int, str, str]]:
    """File, line, code and message of each."""
    (root / "greeter").mkdir()
    (root / "greeter/index.ts").write_text(source)
    for name in ("node_modules", "tsconfig.json"):
        (root / name).symlink_to(ROOT / name)
    desired = derive(parse(FILE.replace("FLAGS", flags)))
    desired = replace(desired, workers=tuple(each for each in desired.workers if each.key == "greeter"))
    try:
        check_types(desired, root=root)
    except BundleError as error:
        return [(each.file, each.line, each.code, each.message) for each in error.issues]
    return []


@pytest.mark.parametrize(
    "source",
    [
        WORKER,
        "export default { fetch: () => new Response() };",
        "export default { fetch: (request) => new Response(request.url) } satisfies ExportedHandler;",
        "export default { async scheduled() {} };",
    ],
    ids=["bindings", "no arguments", "no env", "no fetch"],
)
def test_what_fits_is_no_mistake(tmp_path: Path, source: str) -> None:
    assert mistakes(tmp_path, source) == []


def test_a_module_of_node_has_types_where_the_flag_is_set(tmp_path: Path) -> None:
    source = 'import { randomUUID } from "node:crypto";\nexport default { fetch: () => new Response(randomUUID()) };'

    assert mistakes(tmp_path, source, "[nodejs_compat]") == []


def test_a_binding_that_the_file_does_not_give_is_named(tmp_path: Path) -> None:
    source = WORKER.replace("KEY?: string", "NOTES: KVNamespace")

    [(file, line, code, message)] = mistakes(tmp_path, source)

    assert (file, line, code) == ("greeter/index.ts", 1, "binding")
    assert message == "the Worker greeter needs bindings that autopilots.yaml does not give it: NOTES"
    assert "GREETINGS: KVNamespace" in (tmp_path / ".build/types/greeter/worker-configuration.d.ts").read_text()


def test_an_optional_secret_may_be_absent(tmp_path: Path) -> None:
    [(_, _, code, message)] = mistakes(tmp_path, WORKER.replace("KEY?: string", "KEY: string"))

    assert code == "binding"
    assert "KEY" in message


def test_a_type_error_has_its_place(tmp_path: Path) -> None:
    source = WORKER.replace('"last"', "7")

    [(file, line, code, _)] = mistakes(tmp_path, source)

    assert (file, line, code) == ("greeter/index.ts", 5, "type")
