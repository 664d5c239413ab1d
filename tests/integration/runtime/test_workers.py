"""Workers in the runtime: how they are reached, what they can reach, and that they do not harm each other."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local_cloudflare.runtime.errors import RuntimeFault, StartupError
from local_cloudflare.runtime.models import Assets, Module, ModuleType, QueuedMessage, QueueResult
from tests.support.live_runtime import ECHO, HELLO, LiveRuntime, live_runtime

CALLER = """export default { async fetch(request, env) {
  return env.OTHER.fetch(request);
} };"""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRuntime]:
    with live_runtime(tmp_path_factory.mktemp("runtime")) as live:
        yield live


def test_a_worker_answers_at_its_url_right_after_its_upload(live: LiveRuntime) -> None:
    live.upload("hello", HELLO)
    assert live.call("hello").text == "hello"
    assert live.runtime.url("hello") == f"http://hello.localhost:{live.runtime.workers_port}"


def test_a_new_version_answers_every_call_after_its_upload(live: LiveRuntime) -> None:
    for number in range(3):
        live.upload("versions", f"export default {{ fetch: () => new Response('version {number}') }};")
        assert live.call("versions").text == f"version {number}"


def test_a_deleted_worker_is_not_found_and_the_answer_names_those_that_are(live: LiveRuntime) -> None:
    live.upload("short-lived", HELLO)
    live.upload("another", HELLO)
    live.run(live.runtime.delete_worker("short-lived"))
    answer = live.call("short-lived")
    assert answer.status_code == 404
    assert answer.text.startswith("There is no Worker short-lived.\n")
    assert "another" in answer.text


def test_the_url_is_switched_off_and_on_without_a_reload(live: LiveRuntime) -> None:
    live.upload("switched", HELLO)
    live.call("switched")
    loads = live.state()["loads"]
    live.run(live.runtime.set_workers_dev("switched", False))
    answer = live.call("switched")
    assert (answer.status_code, "switched off" in answer.text) == (404, True)
    live.run(live.runtime.set_workers_dev("switched", True))
    assert live.call("switched").text == "hello"
    assert live.state()["loads"] - loads <= 1  # the one that gathers, after a moment of quiet


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_one_worker_answers_without_a_name_while_it_has_a_url(live: LiveRuntime, host: str) -> None:
    live.upload("hello", HELLO)
    port = live.runtime.workers_port
    assert live.run(live.runtime.expose("hello", port)) == port

    assert live.call("hello", headers={"host": f"{host}:{port}"}).text == "hello"
    live.run(live.runtime.set_workers_dev("hello", False))
    assert live.call("hello", headers={"host": f"{host}:{port}"}).status_code == 404


def test_a_worker_without_a_url_answers_at_a_port_of_its_own(live: LiveRuntime) -> None:
    live.upload("hello", HELLO, workers_dev=False)
    live.upload("other", ECHO)

    port = live.run(live.runtime.expose("hello"))

    assert httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).text == "hello"
    assert httpx.get(f"http://127.0.0.1:{port}/", headers={"host": "evil.example"}, trust_env=False).status_code == 421
    assert live.run(live.runtime.expose("other", port)) == port
    assert httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).status_code == 201
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(RuntimeFault, match="EADDRINUSE"):
        live.run(live.runtime.expose("hello", taken.getsockname()[1]))


def test_every_kind_of_plain_binding(live: LiveRuntime) -> None:
    live.upload(
        "settings",
        "export default { fetch: (_, env) => Response.json([env.TEXT, env.SECRET, env.JSON]) };",
        bindings=(
            {"type": "plain_text", "name": "TEXT", "text": "text"},
            {"type": "secret_text", "name": "SECRET", "text": "secret"},
            {"type": "json", "name": "JSON", "json": {"a": [1, None]}},
        ),
    )
    assert live.call("settings").json() == ["text", "secret", {"a": [1, None]}]


def test_every_kind_of_module(live: LiveRuntime) -> None:
    wasm = bytes.fromhex("0061736d01000000010401600000" + "03020100" + "070801046d61696e0000" + "0a040102000b")
    files = {"text.txt": b"text", "data.bin": b"\x00\xff", "data.json": b'{"a": 1}', "sum.wasm": wasm, "part.js": b""}
    files["part.js"] = b"export const part = 'part';"
    for name, content in files.items():
        (live.folder / name).write_bytes(content)
    config = live.config(
        "modules",
        """import text from "text.txt"; import data from "data.bin"; import json from "data.json";
        import wasm from "sum.wasm"; import { part } from "./part.js";
        export default { fetch: () => Response.json(
          [text, [...new Uint8Array(data)], json, wasm instanceof WebAssembly.Module, part]) };""",
    )
    types: dict[str, ModuleType] = {
        "text.txt": "text",
        "data.bin": "data",
        "data.json": "json",
        "sum.wasm": "wasm",
        "part.js": "esm",
    }
    others = tuple(Module(name=name, type=type, path=live.folder / name) for name, type in types.items())
    config = live.config("modules", config.modules[0].path.read_text(), modules=(*config.modules, *others))
    assert live.run(live.runtime.check(config)).handlers == ("fetch",)
    live.run(live.runtime.put_worker(config))
    assert live.call("modules").json() == ["text", [0, 255], {"a": 1}, True, "part"]


def test_a_service_binding_reaches_the_newest_version_of_a_worker_without_a_url(live: LiveRuntime) -> None:
    live.upload("caller", CALLER, bindings=(_service("OTHER", "callee"),))
    live.upload("callee", HELLO, workers_dev=False)
    assert live.call("caller").text == "hello"
    live.upload("callee", HELLO.replace("hello", "hello again"), workers_dev=False)
    assert live.call("caller").text == "hello again"


def test_a_service_binding_has_methods(live: LiveRuntime) -> None:
    live.upload(
        "rpc",
        """import { WorkerEntrypoint } from "cloudflare:workers";
        export default class extends WorkerEntrypoint { add(a, b) { return a + b; } fetch() {} }
        export class Other extends WorkerEntrypoint { add(a, b) { return `${a}${b}`; } }""",
    )
    live.upload(
        "rpc-caller",
        """export default { async fetch(_, env) {
          return Response.json([await env.A.add(1, 2), await env.B.add(1, 2)]);
        } };""",
        bindings=(_service("A", "rpc"), {**_service("B", "rpc"), "entrypoint": "Other"}),
    )
    assert live.call("rpc-caller").json() == [3, "12"]


def test_a_service_binding_to_a_worker_that_is_not_there_says_so_until_it_is(live: LiveRuntime) -> None:
    live.upload("hopeful", CALLER, bindings=(_service("OTHER", "latecomer"),))
    answer = live.call("hopeful")
    assert (answer.status_code, answer.text) == (500, "error code: 1101\nthere is no Worker latecomer\n")
    live.upload("latecomer", HELLO)
    assert live.call("hopeful").text == "hello"


def test_workers_may_bind_to_each_other(live: LiveRuntime) -> None:
    live.upload("ping", CALLER, bindings=(_service("OTHER", "pong"),))
    live.upload("pong", HELLO, bindings=(_service("OTHER", "ping"),))
    assert live.call("ping").text == "hello"


def test_a_worker_reaches_another_by_its_url(live: LiveRuntime) -> None:
    live.upload("echo", ECHO)
    live.upload("fetcher", "export default { fetch: (request) => fetch(new URL(request.url).searchParams.get('to')) };")
    seen = live.call("fetcher", "/", params={"to": live.runtime.url("echo") + "/there"}).json()
    assert seen["url"] == live.runtime.url("echo") + "/there"
    assert seen["headers"]["cf-worker"] == "localhost"


def test_an_exception_becomes_the_page_of_error_1101(live: LiveRuntime) -> None:
    live.upload("thrower", "export default { fetch() { throw new TypeError('boom') } };")
    answer = live.call("thrower")
    assert (answer.status_code, answer.text) == (
        500,
        "error code: 1101\nWorker thrower threw an exception: TypeError: boom\n",
    )


def test_workers_ai_can_be_bound_and_refuses_a_model_that_it_has_not(live: LiveRuntime) -> None:
    live.upload(
        "thinker",
        "export default { fetch: (_, env) => env.AI.run('@cf/meta/llama', {}) };",
        bindings=({"type": "ai", "name": "AI"},),
    )
    assert "5007: No such model @cf/meta/llama" in live.call("thinker").text


def test_a_worker_with_assets_takes_a_queues_messages_and_runs_by_cron(live: LiveRuntime, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("hello")
    code = """export default {
      queue(batch) {
        for (const message of batch.messages) message.body.n === 1 ? message.ack() : message.retry();
      },
      scheduled() { throw new Error("not today"); },
    };"""
    live.upload("taker", code, assets=Assets(directory=tmp_path, config={}))
    messages = [
        QueuedMessage(id=str(n), sent_at=1, attempts=1, content_type="json", body=f'{{"n": {n}}}'.encode())
        for n in (1, 2)
    ]

    taken = live.run(live.runtime.queue("taker", "tasks", messages))

    assert taken == QueueResult(outcome="ok", acknowledged=frozenset({"1"}), retried={"2": None})
    assert live.run(live.runtime.scheduled("taker", "* * * * *", 1)).outcome == "exception"


def test_assets_are_served_before_the_worker_and_bound_to_it(live: LiveRuntime, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<h1>front page</h1>")
    (tmp_path / "style.css").write_text("h1 {}")
    live.upload(
        "site",
        """export default { async fetch(request, env) {
          const style = await env.ASSETS.fetch("https://assets/style.css");
          return new Response(`worker ${new URL(request.url).pathname} ${await style.text()}`);
        } };""",
        bindings=({"type": "assets", "name": "ASSETS"},),
        assets=Assets(directory=tmp_path, config={"run_worker_first": ["/api/*"]}),
    )
    page = live.call("site")
    assert (page.text, page.headers["content-type"]) == ("<h1>front page</h1>", "text/html; charset=utf-8")
    assert live.call("site", "/style.css").text == "h1 {}"
    assert live.call("site", "/api/index.html").text == "worker /api/index.html h1 {}"
    live.upload("visitor", CALLER, bindings=(_service("OTHER", "site"),))
    assert live.call("visitor").text == "<h1>front page</h1>"


@pytest.mark.parametrize(
    ("code", "handlers"),
    [
        ("export default { fetch() {}, async scheduled() {} };", ("fetch", "scheduled")),
        ("import { WorkerEntrypoint } from 'cloudflare:workers';\n"
         "export default class extends WorkerEntrypoint { fetch() {} }", ("fetch",)),
        ("export class Nothing {}", ()),
    ],
)  # fmt: skip
def test_a_check_names_the_handlers(live: LiveRuntime, code: str, handlers: tuple[str, ...]) -> None:
    startup = live.run(live.runtime.check(live.config("checked", code)))
    assert startup.handlers == handlers
    assert 0 <= startup.startup_time_ms < 10_000


BROKEN = [
    ("export default { fetch( }", "Uncaught SyntaxError: Unexpected token '}'\n  at index.js:1:24"),
    ("function start() { missing(); }\nstart();", "Uncaught ReferenceError: missing is not defined"),
    ("import a from 'nowhere'; export default {}", 'Uncaught Error: No such module "nowhere".'),
    (
        "export const wrong = 1; export default { fetch() {} }",
        "Uncaught TypeError: Incorrect type for map entry 'wrong'",
    ),
    ("await new Promise(() => {}); export default {}", "Uncaught Error: Top-level await in module is unsettled."),
]


@pytest.mark.parametrize(("code", "message"), BROKEN)
def test_a_check_gives_the_scripts_own_error(live: LiveRuntime, code: str, message: str) -> None:
    with pytest.raises(StartupError) as raised:
        live.run(live.runtime.check(live.config("checked", code)))
    assert str(raised.value).startswith(message)


def test_a_check_ends_even_where_the_script_does_not(live: LiveRuntime) -> None:
    endless = live.run(_checks(live, "for (;;);", HELLO))
    assert endless == ["Script startup exceeded CPU time limit.", ("fetch",)]


def test_a_worker_that_does_not_start_leaves_the_others_alone(live: LiveRuntime) -> None:
    for number, (code, _) in enumerate(BROKEN[:3]):
        live.upload(f"broken-{number}", code)
    live.upload("bound-to-broken", CALLER, bindings=(_service("OTHER", "broken-0"),))
    live.upload("healthy", HELLO)
    for number, (_, message) in enumerate(BROKEN[:3]):
        answer = live.call(f"broken-{number}")
        assert answer.status_code == 500
        assert answer.text.startswith(
            f"error code: 1101\nWorker broken-{number} does not start: {message.split(' at ')[0]}"
        )
    assert "Worker broken-0 does not start" in live.call("bound-to-broken").text
    assert live.call("healthy").text == "hello"
    live.upload("broken-0", HELLO)
    assert live.call("bound-to-broken").text == "hello"


def test_a_worker_that_the_runtime_refuses_for_another_reason_leaves_the_others_alone(live: LiveRuntime) -> None:
    live.upload("healthy", HELLO)
    live.upload("queue-bound", HELLO, bindings=({"type": "queue", "name": "QUEUE"},))
    reason = "Worker queue-bound does not start: binding QUEUE: type queue is not available on this machine"
    assert reason in live.call("queue-bound").text
    assert live.call("healthy").text == "hello"


def test_fifty_workers_behind_one(live: LiveRuntime) -> None:
    names = [f"many-{number}" for number in range(50)]
    for name in names:
        live.upload(name, f"export default {{ fetch: () => new Response('{name}') }};", workers_dev=False)
    code = "export default { fetch: (request, env) => env[request.headers.get('x-to')].fetch(request) };"
    live.upload("router", code, bindings=tuple(_service(name, name) for name in names))
    loads = live.state()["loads"]
    assert [live.call("router", headers={"x-to": name}).text for name in names] == names
    assert live.state()["loads"] - loads <= 3  # the call's own, and those that gather


def _service(name: str, target: str) -> dict[str, str]:
    return {"type": "service", "name": name, "service": target}


async def _checks(live: LiveRuntime, *codes: str) -> list[object]:
    found: list[object] = []
    for code in codes:
        try:
            found.append((await live.runtime.check(live.config("checked", code))).handlers)
        except StartupError as error:
            found.append(str(error))
    return found
