"""A Worker that was written for wrangler answers alike, bundled by either: sources of every kind, in workerd."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from local_cloudflare.provider import upload
from orchestrator.bundle.modules import bundle
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.project import ROOT
from tests.support.wrangler import Wrangler

DATE = "2026-07-01"
ADDS = bytes.fromhex("0061736d0100000001070160027f7f017f030201000707010361646400000a09010700200020016a0b")
"""WebAssembly that exports add(i32, i32)."""
ANSWER = "export default { fetch: async () => Response.json(await answer()) };\n"


@dataclass(frozen=True, kw_only=True)
class Source:
    """`files` by path, with the entry point first; without an `export default`, it has `answer()`, which is told."""

    files: Mapping[str, str | bytes]
    answer: object
    flags: Sequence[str] = ()


def one(code: str, answer: object, *flags: str, entry: str = "index.js", **files: str | bytes) -> Source:
    """One entry point, and files by their names with `_` for `.`."""
    named = {name.replace("__", "/").replace("_", "."): content for name, content in files.items()}
    return Source(
        files={entry: code + ("" if "export default" in code else ANSWER), **named}, answer=answer, flags=flags
    )


H = "const h = (tag, props, ...inner) => `<${tag}>${inner.join('')}</${tag}>`;\n"
PACKAGE = {
    "workerd": json.dumps({"name": "pkg", "exports": {"workerd": "./w.js", "node": "./n.js", "default": "./d.js"}}),
    "fields": json.dumps({"name": "pkg", "browser": "./b.js", "module": "./m.js", "main": "./c.js"}),
    "types": json.dumps({"name": "pkg", "type": "module", "main": "./m.js"}),
}
SOURCES = {
    "typescript": one(
        "enum Size { Small = 2, Large }\nnamespace N { export const a = 1; }\ntype T = { a?: number };\n"
        "const answer = (): unknown => [Size[3], N.a, ({} as T).a ?? null, <number>4 satisfies number];\n",
        ["Large", 1, None, 4],
        entry="index.ts",
    ),
    "JSX in .js": one(f"/** @jsx h */\n{H}const answer = () => <p>hi <b>you</b></p>;\n", "<p>hi <b>you</b></p>"),
    "TSX by tsconfig": one(
        f"{H}const answer = () => <p>hi</p>;\n",
        "<p>hi</p>",
        entry="index.tsx",
        tsconfig_json='{"compilerOptions": {"jsx": "react", "jsxFactory": "h"}}',
    ),
    "WebAssembly": one(
        'import add from "./add.wasm";\n'
        "const answer = async () => (await WebAssembly.instantiate(add)).exports.add(2, 3);\n",
        5,
        add_wasm=ADDS,
    ),
    "WebAssembly with ?module": one(
        'import add from "./lib/add.wasm?module";\n'
        "const answer = () => [add instanceof WebAssembly.Module, new WebAssembly.Instance(add).exports.add(1, 1)];\n",
        [True, 2],
        lib__add_wasm=ADDS,
    ),
    "data": one(
        'import data from "./some.bin";\n'
        "const answer = () => [data.constructor.name, data.byteLength, new Uint8Array(data)[1]];\n",
        ["ArrayBuffer", 3, 255],
        some_bin=b"\0\xff\n",
    ),
    "text, HTML and SQL": one(
        'import text from "./a.txt";\nimport page from "./a.html";\nimport sql from "./a.sql";\n'
        "const answer = () => [text, page, sql];\n",
        ["Grüße\r\n", "<p>`${x}`</p>", "SELECT '☃';"],
        a_txt="Grüße\r\n".encode(),
        a_html="<p>`${x}`</p>",
        a_sql="SELECT '☃';",
    ),
    "JSON": one('import { a } from "./a.json";\nconst answer = () => a;\n', {"b": [1]}, a_json='{"a": {"b": [1]}}'),
    "names of classes and functions": one(
        "class PaymentError extends Error {}\nconst named = () => {};\nfunction outer() { return function () {}; }\n"
        "const answer = () => [PaymentError.name, new PaymentError() + '', named.name, outer.name, outer().name];\n",
        ["PaymentError", "Error", "named", "outer", ""],
    ),
    "node: modules": one(
        'import { createHash } from "node:crypto";\nimport { join } from "node:path";\n'
        "const answer = () => [createHash('sha256').update('a').digest('hex').slice(0, 8), join('a', '..', 'b')];\n",
        ["ca978112", "b"],
        "nodejs_compat",
    ),
    "Node's modules by short names": one(
        'import { createHash } from "crypto";\nimport EventEmitter from "events";\nimport { promisify } from "util";\n'
        'import { readFile } from "fs/promises";\nimport { Buffer as B } from "buffer";\n'
        "const answer = () => [typeof createHash, new EventEmitter().listenerCount('x'), typeof promisify, "
        "typeof readFile, B.from('aGk=', 'base64').toString()];\n",
        ["function", 0, "function", "function", "hi"],
        "nodejs_compat",
    ),
    "Node's globals": one(
        "const answer = () => [Buffer.from('hi').toString('hex'), typeof process.nextTick, typeof setImmediate, "
        "globalThis.global === globalThis];\n",
        ["6869", "function", "function", True],
        "nodejs_compat",
    ),
    "require of Node's modules": Source(
        files={
            "index.js": f'import lib from "./lib.cjs";\nconst answer = lib.answer;\n{ANSWER}',
            "lib.cjs": "const { format } = require('util');\nconst os = require('node:os');\n"
            "module.exports = { answer: () => [format('%s!', 'a'), typeof os.EOL] };\n",
        },
        answer=["a!", "string"],
        flags=["nodejs_compat"],
    ),
    "AsyncLocalStorage": one(
        'import { AsyncLocalStorage } from "node:async_hooks";\nconst store = new AsyncLocalStorage();\n'
        "const answer = () => store.run(7, async () => { await null; return store.getStore(); });\n",
        7,
        "nodejs_als",
    ),
    "NODE_ENV and the user agent": one(
        "const answer = () => [process.env.NODE_ENV, navigator.userAgent, process.env.NODE_ENV === 'production'];\n",
        ["production", "Cloudflare-Workers", True],
    ),
    "paths of tsconfig": one(
        'import { a } from "@lib/a";\nconst answer = () => a;\n',
        "by path",
        entry="src/index.ts",
        tsconfig_json='{"compilerOptions": {"paths": {"@lib/*": ["./shared/*"]}}}',
        shared__a_ts="export const a: string = 'by path';\n",
    ),
    "a package with conditions": Source(
        files={
            "index.js": f'import a from "pkg";\nconst answer = () => a;\n{ANSWER}',
            "node_modules/pkg/package.json": PACKAGE["workerd"],
            **{f"node_modules/pkg/{name}.js": f"export default '{name}';\n" for name in "wnd"},
        },
        answer="w",
    ),
    "a package with fields": Source(
        files={
            "index.js": f'import * as a from "pkg";\nconst answer = () => a.which;\n{ANSWER}',
            "node_modules/pkg/package.json": PACKAGE["fields"],
            **{f"node_modules/pkg/{name}.js": f"export const which = '{name}';\n" for name in "bm"},
            "node_modules/pkg/c.js": "exports.which = 'c';\n",
        },
        answer="b",
    ),
    "CommonJS": one(
        'import lib, { b } from "./lib.cjs";\nconst answer = () => [lib.a, b, typeof require("./other.js").c];\n',
        [1, 2, "undefined"],
        lib_cjs="module.exports = { a: 1, b: 2 };\n",
        other_js="export const d = 1;\n",
    ),
    "dynamic imports and top-level await": one(
        "const late = await Promise.resolve(3);\n"
        "const answer = async () => [late, (await import('./a.js')).default];\n",
        [3, "late"],
        a_js="export default 'late';\n",
    ),
    "class fields and decorators by tsconfig": one(
        "const told: string[] = [];\nconst tell = (_: object, name: string) => { told.push(name); };\n"
        "class A { @tell a!: number; @tell b() {} }\nconst answer = () => [told, 'a' in new A()];\n",
        [["a", "b"], False],
        entry="index.ts",
        tsconfig_json='{"compilerOptions": {"experimentalDecorators": true, "useDefineForClassFields": false}}',
    ),
    "new syntax": one(
        "const closed = [];\nconst file = () => ({ [Symbol.dispose]: () => closed.push(1) });\n"
        "const answer = () => {\n  { using f = file(); }\n"
        "  return [closed, /[\\p{L}--[a-z]]/v.test('a'), [3, 1].toSorted()];\n};\n",
        [[1], False, [1, 3]],
    ),
    "entrypoints": one(
        'import { WorkerEntrypoint, env } from "cloudflare:workers";\n'
        "export class Other extends WorkerEntrypoint { async fetch() { return new Response('other'); } }\n"
        "export default class extends WorkerEntrypoint {\n"
        "  async fetch() { return Response.json([Other.name, Object.keys(env)]); }\n}\n",
        ["Other", []],
    ),
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with every source, in a folder each."""
    root = tmp_path_factory.mktemp("sources")
    (root / "node_modules").symlink_to(ROOT / "node_modules")
    for number, source in enumerate(SOURCES.values()):
        for name, content in source.files.items():
            file = root / f"w{number}" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        config = {
            "name": f"wrangled-{number}",
            "main": next(iter(source.files)),
            "compatibility_date": DATE,
            "compatibility_flags": list(source.flags),
            "workers_dev": True,
        }
        (root / f"w{number}" / "wrangler.json").write_text(json.dumps(config))
    return root


def deploy_ours(server: LocalCloudflare, root: Path, name: str, source: Source) -> None:
    """As `pulumi up` does: the module's parts as the provider sends them."""
    entry = f"{name}/{next(iter(source.files))}"
    made = bundle(sources={name: entry}, contents={}, data={}, root=root, flags={name: source.flags})[name]
    planned = {
        "mainModule": f"{name}.js",
        "contentFile": str(root / made.path),
        "compatibilityDate": DATE,
        "compatibilityFlags": list(source.flags),
        "files": {
            each.name: {"contentFile": str(root / each.path), "contentType": each.content_type} for each in made.files
        },
    }
    body, content_type = upload.encoded(planned, "")
    path, headers = f"/workers/scripts/{name}", {"content-type": content_type}
    answer = server.call("PUT", path, content=body, headers=headers)
    assert answer.is_success, answer.text
    server.call("POST", f"{path}/subdomain", json={"enabled": True}).raise_for_status()


@pytest.mark.parametrize("kind", SOURCES)
def test_a_source_answers_as_with_wrangler(cloudflare_api: LocalCloudflare, root: Path, kind: str) -> None:
    source, number = SOURCES[kind], [*SOURCES].index(kind)
    deploy_ours(cloudflare_api, root, f"w{number}", source)
    Wrangler(root / f"w{number}", cloudflare_api)("deploy")

    ours, theirs = (cloudflare_api.fetch(name) for name in (f"w{number}", f"wrangled-{number}"))

    assert (ours.status_code, ours.text) == (theirs.status_code, theirs.text)
    assert ours.json() == source.answer
