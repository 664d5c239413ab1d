"""Requests that nobody means well with, or that a client with a mistake sends: each is refused with a reason, or does
what it plainly says. None is a fault of the router (500), and none does what was not asked for."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from http.client import HTTPResponse

import httpx
import pytest

from tests.support.refusals import refused
from tests.support.workers import AUTHORIZED, TOKEN

Client = Callable[[str], httpx.Client]
PLAN = "/autopilot/plan"
EXECUTED = {"task": "echo", "meta": {"do": "plain", "status": 200, "text": "executed"}}


def exchange(url: str, *lines: str, body: bytes = b"") -> tuple[int, bytes]:
    """The answer to a request that no client library would write, as its status, headers and body."""
    address = httpx.URL(url)
    head = [*lines, "host: router.example.net", f"content-length: {len(body)}", "connection: close", "", ""]
    with socket.create_connection((address.host, address.port), timeout=20) as connection:
        connection.sendall("\r\n".join(head).encode("latin-1") + body)
        with HTTPResponse(connection) as response:
            response.begin()
            return response.status, str(response.headers).encode() + response.read()


class TestQuery:
    @pytest.mark.parametrize(
        "query",
        [
            *(
                "explain=1&explain=1",
                "explain=1&explain",
                "explain=1 ",
                "explain=%EF%BC%91",
                "explain=1%00",
                "explain=01",
            ),
            *(
                "explain=True",
                "explain=tRue",
                "explain='1'",
                'explain="1"',
                "explain=null",
                "explain=1;x=1",
                "explain=1,0",
            ),
            *(
                "expalin=1",
                "EXPLAIN=1",
                "explain[]=1",
                "explain%00=1",
                " explain=1",
                "=1",
                "dryrun",
                "dry-run=1",
                "_=1",
            ),
            *("explain=1&callback=x", "explain=1&access_token=x", "explain=1&explain%20=1", "%FF=1", "explain=%FF"),
        ],
    )
    def test_what_is_not_understood_does_nothing(self, client: Client, query: str) -> None:
        response = client("router").post(f"{PLAN}?{query}", json=EXECUTED, headers=AUTHORIZED)

        assert refused(response, 400, "Invalid parameters")["errors"]

    @pytest.mark.parametrize("query", ["explain=%31", "%65xplain=1", "&explain=1&", "explain=t%72ue"])
    def test_another_spelling_of_the_same_is_the_same(self, client: Client, query: str) -> None:
        response = client("router").post(f"{PLAN}?{query}", json=EXECUTED, headers=AUTHORIZED)

        assert response.json()["reasons"]

    def test_a_lone_question_mark_is_nothing(self, client: Client) -> None:
        assert client("router").post(f"{PLAN}?", json=EXECUTED, headers=AUTHORIZED).text == "executed"

    @pytest.mark.parametrize(
        ("path", "query"),
        [
            *(("journal", each) for each in ("limit=0", "limit=501", "limit=1e2", "limit=+5", "limit=5.0", "limit=")),
            *(
                ("journal", each)
                for each in ("since=yesterday", "since=-1h", "since=24", "since=2026-13-01", "since=9999999d")
            ),
            *(
                ("journal", each)
                for each in (
                    "cursor=x",
                    "cursor=1.2.3",
                    "cursor=%27;DROP",
                    "outcome=",
                    "outcome=nope",
                    "kind=Plan",
                    "limit=5&limit=5",
                )
            ),
            *(("runs", each) for each in ("status=Unknown", "status=", "status=unknown,done", "cursor=1", "limit=-1")),
            *(("stats", each) for each in ("since=now", "until=tomorrow", "since=1h&since=2h", "limit=5")),
        ],
    )
    def test_so_do_the_others(self, client: Client, path: str, query: str) -> None:
        response = client("router").get(f"/autopilot/{path}?{query}", headers=AUTHORIZED)

        assert refused(response, 400, "Invalid parameters")["errors"]

    @pytest.mark.parametrize("value", ["' OR 1=1 --", "%", "x' UNION SELECT answer FROM runs --"])
    def test_a_filter_is_a_value_and_never_sql(self, client: Client, value: str) -> None:
        response = client("router").get("/autopilot/journal", params={"task": value}, headers=AUTHORIZED)

        assert (response.status_code, response.json()["entries"]) == (200, [])


class TestAuthorization:
    @pytest.mark.parametrize(
        "value",
        [
            *(f'Bearer "{TOKEN}"', f"Bearer '{TOKEN}'", f"Bearer Bearer {TOKEN}", f"Bearer {TOKEN} {TOKEN}"),
            *(f"Bearer\t{TOKEN}", f"Bearer={TOKEN}", f"Bearer:{TOKEN}", f"Bearer {TOKEN},", f"Bearer token={TOKEN}"),
            *(f"Bearer {TOKEN};", f"Bearer {TOKEN}%20", f"bearer{TOKEN}", f"Token {TOKEN}", f"Bearer default:{TOKEN}"),
            *(f"Bearer {TOKEN[:-1]}%73", f"Bearer {TOKEN}\xe9", f"Bearer \xa0{TOKEN}", "Bearer " + "x" * 9000),
            *("Bearer null", "Bearer undefined", "Bearer {}", "Bearer __proto__", "Bearer [object Object]"),
        ],
    )
    def test_another_form_of_the_token_is_none(self, workerd_url: str, value: str) -> None:
        status, got = exchange(workerd_url, "GET /autopilot/list HTTP/1.1", f"authorization: {value}")

        assert status == 401
        assert TOKEN.encode() not in got

    @pytest.mark.parametrize("value", [f"Bearer   {TOKEN}", f"BEARER {TOKEN}", f"  Bearer {TOKEN}  "])
    def test_spaces_and_case_that_rfc_9110_leaves_free_are_well(self, workerd_url: str, value: str) -> None:
        assert exchange(workerd_url, "GET /autopilot/list HTTP/1.1", f"authorization: {value}")[0] == 200

    @pytest.mark.parametrize("other", ["Bearer wrong", f"Bearer {TOKEN}", "Basic eDp5"])
    @pytest.mark.parametrize("is_first", [True, False])
    def test_two_of_them_are_none(self, workerd_url: str, other: str, is_first: bool) -> None:
        headers = [f"authorization: Bearer {TOKEN}", f"authorization: {other}"]

        status, _ = exchange(workerd_url, "GET /autopilot/list HTTP/1.1", *(headers if is_first else headers[::-1]))

        assert status == 401

    @pytest.mark.parametrize(
        "elsewhere",
        [
            {"proxy-authorization": f"Bearer {TOKEN}"},
            {"x-api-key": TOKEN},
            {"cookie": f"token={TOKEN}"},
            {"x-forwarded-authorization": f"Bearer {TOKEN}"},
        ],
        ids=lambda headers: next(iter(headers)),
    )
    def test_it_is_read_from_its_own_header_alone(self, client: Client, elsewhere: dict[str, str]) -> None:
        refused(client("router").get("/autopilot/list", headers=elsewhere), 401, "Unauthorized")

    def test_nor_from_the_url_or_the_body(self, client: Client) -> None:
        refused(client("router").get(f"/autopilot/list?access_token={TOKEN}"), 401, "Unauthorized")
        refused(client("router").post(PLAN, json={**EXECUTED, "token": TOKEN}), 401, "Unauthorized")


class TestPath:
    @pytest.mark.parametrize(
        "path",
        [
            *("/autopilot/plan/", "//autopilot/plan", "/autopilot//plan", "/autopilot/%70lan", "/autopilot/plan%2f"),
            *("/Autopilot/plan", "/autopilot/plan;x=1", "/autopilot/plan.json", "/health/../autopilot/plann", "/%"),
            *("/health%00", "/health.", "/autopilot/runs/", "/autopilot/runs/x/y", "/autopilot/registry/a/b"),
        ],
    )
    def test_what_is_nearly_an_endpoint_is_none(self, workerd_url: str, path: str) -> None:
        headers = [f"authorization: Bearer {TOKEN}", "content-type: application/json"]

        assert exchange(workerd_url, f"POST {path} HTTP/1.1", *headers, body=b"{}")[0] == 404

    @pytest.mark.parametrize(
        "path", ["/health%20", "/health/", "/HEALTH", "/health/x", "/health%2f..%2fautopilot%2flist"]
    )
    def test_nearly_the_public_one_is_not_public(self, workerd_url: str, path: str) -> None:
        assert exchange(workerd_url, f"GET {path} HTTP/1.1")[0] == 401

    @pytest.mark.parametrize("header", ["x-http-method-override", "x-method-override", "x-http-method"])
    def test_a_method_is_the_requests_own(self, client: Client, header: str) -> None:
        response = client("router").get(PLAN, headers={**AUTHORIZED, header: "POST"})

        refused(response, 405, "Method not allowed")

    @pytest.mark.parametrize("method", ["TRACE", "PURGE", "PROPFIND"])
    def test_one_that_nobody_uses_is_not_allowed(self, client: Client, method: str) -> None:
        assert client("router").request(method, "/autopilot/list", headers=AUTHORIZED).status_code in (405, 501)

    @pytest.mark.parametrize("id", ["..", "%2e%2e", "run_x' OR 1=1 --", "%00", "%ff", "x" * 3000])
    def test_an_id_is_a_value(self, client: Client, id: str) -> None:
        response = client("router").get(f"/autopilot/runs/{id}", headers=AUTHORIZED)

        assert response.status_code == 404


class TestJson:
    def plan(self, client: Client, body: str | bytes, **headers: str) -> httpx.Response:
        given = {**AUTHORIZED, "content-type": "application/json", **headers}
        return client("router").post(PLAN, content=body, headers=given)

    @pytest.mark.parametrize(
        "number", ["NaN", "Infinity", "-Infinity", "+1", "01", ".5", "1.", "0x1", "1_0", "undefined"]
    )
    def test_what_json_has_no_word_for_is_no_json(self, client: Client, number: str) -> None:
        refused(self.plan(client, f'{{"task": "echo", "meta": {{"n": {number}}}}}'), 400, "Malformed body")

    @pytest.mark.parametrize(
        "body",
        [
            *(
                "{'task': 'echo'}",
                '{"task": "echo"} {}',
                '{"task": "echo"}x',
                '// x\n{"task": "echo"}',
                '{task: "echo"}',
            ),
            *(
                '{"task": "echo", "meta": {"a": 1,}}',
                '{"task": "ec\tho"}',
                '{"task": "\\x65cho"}',
                ")]}'\n" + '{"task": "echo"}',
            ),
        ],
    )
    def test_nor_is_anything_that_is_nearly_it(self, client: Client, body: str) -> None:
        refused(self.plan(client, body), 400, "Malformed body")

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ('{"task": "echo", "explain": true, "explain": false}', "/explain"),
            ('{"task": "echo", "task": "gone.run"}', "/task"),
            ('{"task": "echo", "meta": {"a": 1}, "meta": {}}', "/meta"),
            ('{"task": "echo", "meta": {}, "m\\u0065ta": {}}', "/meta"),
        ],
    )
    def test_a_member_that_stands_twice_is_refused(self, client: Client, body: str, pointer: str) -> None:
        document = refused(self.plan(client, body), 422, "Invalid request")

        assert document["errors"] == [{"pointer": pointer, "message": "must be given once"}]

    def test_within_meta_it_goes_on_as_it_is(self, client: Client) -> None:
        body = self.plan(client, '{"task": "echo", "meta": {"a": 1, "a": 2}}').json()["body"]

        assert body.endswith('"meta":{"a": 1, "a": 2}}')

    @pytest.mark.parametrize("name", ["__proto__", "constructor", "toString", "", "Task", "task ", "__task"])
    def test_another_member_is_refused(self, client: Client, name: str) -> None:
        body = f'{{"task": "echo", {json.dumps(name)}: {{"explain": true}}}}'

        (error,) = refused(self.plan(client, body), 422, "Invalid request")["errors"]
        assert error["pointer"] in (f"/{name}", "")  # names that JavaScript has are refused of the whole

    @pytest.mark.parametrize("task", ["__proto__", "constructor", "toString", "hasOwnProperty"])
    def test_no_task_is_a_word_of_javascript(self, client: Client, task: str) -> None:
        refused(self.plan(client, json.dumps({"task": task})), 404, f"No autopilot currently supports {task}")

    @pytest.mark.parametrize("depth", [100, 5_000, 400_000])
    @pytest.mark.parametrize(("left", "right"), [("[", "]"), ('{"a":', "}")])
    def test_what_is_too_deep_is_refused_however_deep(self, client: Client, depth: int, left: str, right: str) -> None:
        depth = min(depth, 150_000 if right == "}" else depth)  # a body has at most 1 MiB
        value = left * depth + ("1" if right == "}" else "") + right * depth

        document = refused(self.plan(client, f'{{"task": "echo", "meta": {{"a": {value}}}}}'), 422, "Invalid request")

        assert document["errors"][0]["pointer"] == "/meta"

    def test_brackets_in_a_text_are_no_depth(self, client: Client) -> None:
        meta = {"a": "[" * 500, "b": '\\"' + "{" * 500, "c": "\\", "d": ['"', "\\\\"]}

        body = self.plan(client, json.dumps({"task": "echo", "meta": meta})).json()["body"]

        assert json.loads(body)["meta"] == meta

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1"])
    def test_another_encoding_of_text_is_refused(self, client: Client, encoding: str) -> None:
        body = '{"task": "echo", "meta": {"a": "Grüße"}}'.encode(encoding)

        refused(self.plan(client, body), 400, "Malformed body")

    def test_a_byte_order_mark_is_well(self, client: Client) -> None:
        assert self.plan(client, b"\xef\xbb\xbf" + json.dumps(EXECUTED).encode()).text == "executed"

    @pytest.mark.parametrize(
        "type",
        [
            *(
                "application/json5",
                "application/x-json",
                "text/json",
                "application/jsonx",
                "json",
                "application/json/x",
            ),
            *("application/problem+json", "multipart/form-data; x=application/json", "application/json, text/plain"),
        ],
    )
    def test_another_media_type_is_refused(self, client: Client, type: str) -> None:
        refused(self.plan(client, json.dumps(EXECUTED), **{"content-type": type}), 415, "Unsupported media type")

    @pytest.mark.parametrize("type", ["application/json;charset=UTF-8", "APPLICATION/JSON", "application/json ;x=y"])
    def test_the_same_one_in_another_form_is_well(self, client: Client, type: str) -> None:
        assert self.plan(client, json.dumps(EXECUTED), **{"content-type": type}).text == "executed"


class TestIdempotencyKey:
    @pytest.mark.parametrize(
        "key",
        [
            *(
                '""',
                '"',
                '"a',
                '"a";p=1',
                '"a", "b"',
                '"a"x',
                '"a b"',
                "a b",
                "a\tb",
                "a, b",
                "a" * 256,
                f'"{"a" * 256}"',
            ),
            *("\xe9", "a\xa0b", '"\\n"', '"\\"'),
        ],
    )
    def test_what_is_none_sends_nothing(self, workerd_url: str, key: str) -> None:
        headers = [f"authorization: Bearer {TOKEN}", "content-type: application/json", f"idempotency-key: {key}"]
        body = json.dumps({**EXECUTED, "task": "pay"}).encode()

        status, got = exchange(workerd_url, f"POST {PLAN} HTTP/1.1", *headers, body=body)

        assert status == 400
        assert b"Idempotency-Key malformed" in got

    def test_two_of_them_are_none(self, workerd_url: str) -> None:
        keys = ["idempotency-key: a", "idempotency-key: a"]
        headers = [f"authorization: Bearer {TOKEN}", "content-type: application/json", *keys]

        status, _ = exchange(workerd_url, f"POST {PLAN} HTTP/1.1", *headers, body=json.dumps({"task": "pay"}).encode())

        assert status == 400
