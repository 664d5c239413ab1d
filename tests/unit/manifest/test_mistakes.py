"""Broken manifests, one mistake each: where it is reported, under which code, in which words.

Each case puts `new` in the place of `old` in a manifest that is right.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from orchestrator.errors import ManifestError
from orchestrator.issues import Issue
from orchestrator.manifest import parse

RIGHT = """\
orchestrator:
  worker: router
autopilots:
  - name: writer
    worker: writer
    capabilities: [text.write]
    needs:
      kvNamespaces: [DRAFTS]
      r2Buckets: [texts]
      workers:
        - name: writer
          source: writer/index.ts
  - name: reader
    endpoint: https://reader.example.com/
    capabilities: [text.read]
tasks:
  write: {capability: text.write}
"""

ROUTER = "  worker: router\n"
SOURCE = "source: writer/index.ts\n"
TASK = "{capability: text.write}"
ONCE = "{capability: text.write, once: true}"
STREAMED = "{capability: text.write, once: true, stream: true}"
TWICE = "{capability: text.write, once: true, idempotent: true}"
LOGGER = "tailConsumers: [b, b]\n        - {name: b, content: x}"
DOMAINS = "domains: [a.example.com]\n        - {name: b, content: x, domains: [a.example.com]}"
URL = "https://reader.example.com/"


class M(NamedTuple):
    """A mistake: `at` is line:column, `says` is a part of the message or the hint."""

    name: str
    old: str
    new: str
    at: str
    code: str
    says: str


def worker(text: str) -> tuple[str, str]:
    return SOURCE, f"{SOURCE}          {text}\n"


def tasks(text: str) -> tuple[str, str]:
    return TASK, f"{TASK}\n\n{text}"


def router(text: str) -> tuple[str, str]:
    return ROUTER, f"{ROUTER}  {text}\n"


MISTAKES = [
    # What is not YAML.
    M("cron without quotes", *router("cron: */15 * * * *"), "3:9", "yaml-syntax", 'put it in quotes: "*…"'),
    M("tab", ROUTER, "\tworker: router\n", "2:1", "yaml-syntax", "a tab may not indent YAML"),
    M("bracket not closed", "[DRAFTS]", "[DRAFTS", "9:16", "yaml-syntax", "for the `[` on line 8"),
    M("quote not closed", TASK, "{capability: 'text.write}", "17:23", "yaml-syntax", "is opened here and never"),
    M("colon in a text", URL, "not: a url", "14:18", "yaml-syntax", "a `:` is not expected"),
    M("two documents", "tasks:", "---\ntasks:", "16:1", "yaml-syntax", "more than one YAML document"),
    M("control character", "DRAFTS", "DRA\x07FTS", "8:25", "yaml-syntax", "U+0007"),
    M("alias", "[DRAFTS]", "[&x DRAFTS, *x]", "8:33", "yaml-alias", "write the value out"),
    M("tag", "[DRAFTS]", "!set [DRAFTS]", "8:21", "yaml-tag", "the tag `!set` does not fit"),
    M("key twice", ROUTER, ROUTER * 2, "3:3", "duplicate-key", "first on line 2"),
    M("key that is no text", "  write:", "  2:", "17:3", "yaml-key", "a key must be text, and `2` is not"),
    # What is not a manifest.
    M("empty file", RIGHT, "", "1:1", "wrong-type", "begin with `orchestrator:`"),
    M("list as a file", RIGHT, "- a\n", "1:1", "wrong-type", "and is a list"),
    M("unknown key", "kvNamespaces:", "kvNamespace:", "8:7", "unknown-key", "did you mean `kvNamespaces`?"),
    M("snake case", "r2Buckets:", "r2_buckets:", "9:7", "unknown-key", "did you mean `r2Buckets`?"),
    M("key of another tool", *worker("routes: []"), "13:11", "unknown-key", "known here: ai, compatibilityDate,"),
    M("key nearly right", "capabilities: [text.read]", "capability: []", "15:5", "unknown-key", "`capabilities`?"),
    M("key left out", "write: {capability: text.write}", "write: {}", "17:3", "missing-key", "lacks `capability`"),
    M("section left out", f"orchestrator:\n{ROUTER}", "", "1:1", "missing-key", "lacks `orchestrator`"),
    M("number for text", "- name: reader", "- name: 5", "13:11", "wrong-type", 'put it in quotes: "5"'),
    M("text for true", TASK, "{capability: text.write, once: yes}", "17:41", "wrong-type", "must be true or false"),
    M("text for a list", "[texts]", "texts", "9:18", "wrong-type", "must be a list, and is `texts`"),
    M("number for a need", "[texts]", "[7]", "9:19", "wrong-type", "text or a mapping"),
    M("key without value", URL, "", "14:14", "wrong-type", "leave the key out, or give it a value"),
    M("number as a variable", *worker("vars: {PORT: 8080}"), "13:24", "wrong-type", 'put it in quotes: "8080"'),
    M("yes for true", *worker("ai: yes"), "13:15", "wrong-type", "write true"),
    M("quoted truth", *worker("ai: 'false'"), "13:15", "wrong-type", "write false"),
    M("text that is no truth", *worker("ai: maybe"), "13:15", "wrong-type", "write true or false"),
    M("words for a number", TASK, "{capability: text.write, timeout: 1m}", "17:44", "wrong-type", "write it in digits"),
    M("fraction", TASK, "{capability: text.write, timeout: 2.5}", "17:44", "wrong-type", "must be a whole number"),
    M("too much", "[text.read]", "[text.read]\n    weight: 101", "16:13", "out-of-range", "at most 100"),
    M("too little", TASK, "{capability: text.write, timeout: 0}", "17:44", "out-of-range", "at least 1, and is 0"),
    M("unknown location", "[texts]", "[{name: texts, location: mars}]", "9:43", "not-allowed", "and is `mars`"),
    M("no capabilities", "[text.read]", "[]", "15:19", "empty", "must not be empty"),
    # Names.
    M("autopilot name", "- name: reader", "- name: Reader!", "13:11", "invalid-autopilot-name", "`Reader!`"),
    M("capability", "[text.read]", "[Text Read]", "15:20", "invalid-capability", "`Text Read`"),
    M("task name", "  write:", "  write it:", "17:3", "invalid-task-name", "`write it`"),
    M("Worker name", ROUTER, "  worker: my_router\n", "2:11", "invalid-worker-name", "part of a host name"),
    M("bucket name", "[texts]", "[my.texts]", "9:19", "invalid-bucket-name", "3 to 63 lower-case letters"),
    M("bucket name too short", "[texts]", "[tx]", "9:19", "invalid-bucket-name", "`tx` is not"),
    M("KV title", "[DRAFTS]", "['DRAFTS ']", "8:22", "invalid-kv-title", "without a space at either end"),
    M("variable name", *worker("vars: {MY-VAR: x}"), "13:18", "invalid-variable-name", "`MY-VAR`"),
    M("allowed host", *router("allowedHosts: [https://x.example]"), "3:18", "invalid-host", "a host name"),
    # Values.
    M("cron with four fields", *router("cron: '*/15 * * *'"), "3:9", "invalid-cron", "has 4 fields"),
    M("cron day 0", *worker("crons: ['0 0 * * 0']"), "13:19", "invalid-cron", "(1 is Sunday)"),
    M("31 February", *worker("crons: ['0 0 31 2 *']"), "13:19", "cron-never-fires", "never fires"),
    M("absolute source", "writer/index.ts", "/etc/passwd", "12:19", "invalid-source", "relative to the project"),
    M("source outside", "writer/index.ts", "a/../../b.ts", "12:19", "invalid-source", "leaves the project"),
    M("Python source", "writer/index.ts", "writer/entry.py", "12:19", "invalid-source", "--template python-service"),
    M("no script as source", "writer/index.ts", "page.html", "12:19", "invalid-source", "a file that ends in .ts"),
    M("folder as source", "writer/index.ts", "writer", "12:19", "invalid-source", "a file that ends in .ts"),
    M("source of Windows", "writer/index.ts", r"writer\index.ts", "12:19", "invalid-source", "forward slashes"),
    M("plain http", URL, "http://reader.example.com/", "14:15", "endpoint-https-required", "it must use https"),
    M("IP address", URL, "https://127.1/", "14:15", "endpoint-ip-literal", "not an IP address"),
    M("own host", URL, "https://router.efh.workers.dev/", "14:15", "endpoint-own-host", "own host"),
    *(
        M(f"origin {origin}", *router(f'allowedOrigins: ["{origin}"]'), "3:20", "invalid-origin", "https://")
        for origin in ("*", "http://x.example", "https://x.example/", "https://X.example", "https://x.example:0")
    ),
    M("host not allowed", *router("allowedHosts: [x.example]"), "15:15", "endpoint-host-not-allowed", "allowed hosts"),
    M("share over 1", *worker("observability: {headSamplingRate: 1.5}"), "13:45", "out-of-range", "at most 1"),
    M("share that is no number", *worker("observability: {headSamplingRate: .nan}"), "13:45", "wrong-type", ".nan"),
    M("share in words", *worker("observability: {headSamplingRate: all}"), "13:45", "wrong-type", "must be a number"),
    M("no CPU time", *worker("limits: {cpuMs: 0}"), "13:27", "out-of-range", "at least 1"),
    M("CPU time left open", *worker("limits: {cpuMs: }"), "13:27", "wrong-type", "must be a whole number"),
    M("placement", *worker("placement: near"), "13:22", "not-allowed", "'smart'"),
    M("wrangler's word", *worker("workers_dev: true"), "13:11", "unknown-key", "known here: ai, compatibilityDate,"),
    # What stands twice.
    M("autopilot twice", "- name: reader", "- name: writer", "13:11", "duplicate-autopilot", "first on line 4"),
    M("capability twice", "[text.read]", "[text.read, text.read]", "15:31", "duplicate-capability", "`text.read`"),
    M("need twice", "[DRAFTS]", "[DRAFTS, {title: DRAFTS}]", "8:30", "duplicate-need", "KV namespace `DRAFTS`"),
    M("cron twice", *worker("crons: ['0 * * * *', '0 * * * *']"), "13:32", "duplicate-cron", "stands twice"),
    # What does not fit together.
    M("reserved autopilot", "- name: reader", "- name: orchestrator", "13:11", "reserved-name", "choose another name"),
    M("nobody can", TASK, "{capability: text.wriet}", "17:23", "unsupported-capability", "supports text.wriet"),
    M("Worker of nobody", "worker: writer\n", "worker: writers\n", "5:13", "unknown-worker", "did you mean `writer`?"),
    M("Worker is the router", "worker: writer\n", "worker: router\n", "5:13", "unknown-worker", "orchestrator itself"),
    M("logs to nobody", *worker("tailConsumers: [writers]"), "13:27", "unknown-worker", "did you mean `writer`?"),
    M("logs to itself", *worker("tailConsumers: [writer]"), "13:11", "tail-circle", "writer -> writer"),
    M("logs to one twice", *worker(LOGGER), "13:30", "duplicate-tail-consumer", "stands twice"),
    M("domain twice", *worker("domains: [a.example.com, a.example.com]"), "13:36", "duplicate-domain", "stands twice"),
    M("domain of two", *worker(DOMAINS), "14:43", "conflicting-domain", "leads to the Worker `writer` (line 13)"),
    M("domain with a path", *worker("domains: [a.example.com/x]"), "13:21", "invalid-custom-domain", "without a path"),
    M("no way to it", f"    endpoint: {URL}\n", "", "13:11", "unreachable-autopilot", "neither `endpoint`"),
    M("once for no task", TASK, f"{TASK}\n  wirte: {{once: true}}", "18:3", "once-unknown-task", "mean `write`?"),
    M(
        "caller's task unknown",
        *tasks("callers: {a: {may: [plan], tasks: [wirte]}}"),
        "19:36",
        "unknown-task",
        "`write`?",
    ),
    M("right unknown", *tasks("callers: {a: {may: [delete]}}"), "19:21", "not-allowed", "resolve"),
    M("caller without rights", *tasks("callers: {a: {may: []}}"), "19:20", "empty", "may"),
    M(
        "tasks without plan",
        *tasks("callers: {a: {may: [read], tasks: [write]}}"),
        "19:28",
        "tasks-without-plan",
        "plan",
    ),
    M("reserved caller", *tasks("callers: {default: {may: [read]}}"), "19:11", "invalid-caller-name", "apiToken"),
    M("once in one task only", TASK, f"{TASK}\n  again: {ONCE}", "17:23", "once-differs", "`again`, line 18"),
    M("once and idempotent", TASK, TWICE, "17:47", "once-and-idempotent", "never"),
    M("once and stream", TASK, STREAMED, "17:47", "once-and-stream", "a streamed answer is told before it has ended"),
    M("two scripts", *worker("content: export default {}"), "13:11", "source-or-content", "both `source`"),
    M("no script", f"\n          {SOURCE}", "\n", "11:17", "source-or-content", "neither `source`"),
    M(
        "bucket in two ways",
        "[text.read]",
        "[text.read]\n    needs: {r2Buckets: [{name: texts, jurisdiction: eu}]}",
        "16:32",
        "conflicting-bucket",
        "declared otherwise on line 9",
    ),
    M(
        "Worker in two ways",
        "[text.read]",
        "[text.read]\n    needs: {workers: [{name: writer, source: other.ts}]}",
        "16:30",
        "conflicting-worker",
        "declared otherwise on line 11",
    ),
    M(
        "Worker called like the router",
        "[text.read]",
        "[text.read]\n    needs: {workers: [{name: router, source: other.ts}]}",
        "16:30",
        "conflicting-worker",
        "the orchestrator's own (line 2)",
    ),
    M(
        "database in two ways",
        "[text.read]",
        "[text.read]\n    needs: {d1Databases: [{name: books, jurisdiction: eu}]}\n  - {name: c, endpoint: "
        "'https://c.example.com/', capabilities: [c], needs: {d1Databases: [books]}}",
        "17:92",
        "conflicting-database",
        "declared otherwise on line 16",
    ),
    M(
        "database called like the records",
        "[text.read]",
        "[text.read]\n    needs: {d1Databases: [router]}",
        "16:27",
        "conflicting-database",
        "the orchestrator's own (line 2)",
    ),
    M(
        "database's name",
        "[text.read]",
        "[text.read]\n    needs: {d1Databases: [a.b]}",
        "16:27",
        "invalid-database-name",
        "`a.b`",
    ),
    # Bindings.
    M("reserved secret", *worker("secrets: [WEBHOOK_SECRET]"), "13:21", "reserved-binding", "is bound by"),
    M("reserved variable", *worker("vars: {STAGE: x}"), "13:18", "reserved-binding", "is bound by"),
    M("reserved by its name", "[DRAFTS]", "[stage]", "8:22", "reserved-binding", "bound as `STAGE`"),
    M("reserved on the router", *router("kvNamespaces: [REGISTRY, db]"), "3:28", "reserved-binding", "bound as `DB`"),
    M("namespace and bucket", "[DRAFTS]", "[texts]", "9:19", "binding-collision", "as `TEXTS`"),
    M("namespace and secret", *worker("secrets: [DRAFTS]"), "13:21", "binding-collision", "and the secret"),
    M("chosen and made", "[DRAFTS]", "[{title: D, binding: TEXTS}]", "9:19", "binding-collision", "as `TEXTS`"),
    M("reserved, chosen", "[DRAFTS]", "[{title: D, binding: STAGE}]", "8:42", "reserved-binding", "is bound by"),
    M("no name to choose", "[DRAFTS]", "[{title: D, binding: a-b}]", "8:42", "invalid-variable-name", "`a-b`"),
    M("REGISTRY, renamed", *router("kvNamespaces: [{title: REGISTRY, binding: R}]"), "3:3", "missing-registry", "add"),
    M("namespace and Worker", *router("kvNamespaces: [REGISTRY, writer]"), "6:13", "binding-collision", "`WRITER`"),
    M("no REGISTRY", *router("kvNamespaces: [OTHER]"), "3:3", "missing-registry", "add REGISTRY to the list"),
]


def issues_in(text: str) -> tuple[Issue, ...]:
    with pytest.raises(ManifestError) as error:
        parse(text, "autopilots.yaml")
    return error.value.issues


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_one_mistake_is_reported_once_at_its_place(mistake: M) -> None:
    assert mistake.old in RIGHT

    (issue,) = issues_in(RIGHT.replace(mistake.old, mistake.new, 1))

    assert (f"{issue.line}:{issue.column}", issue.code) == (mistake.at, mistake.code)
    assert mistake.says in f"{issue.message}\n{issue.hint}"
    assert issue.file == "autopilots.yaml"


def test_all_mistakes_of_a_file_are_reported_at_once_in_their_order() -> None:
    text = (
        RIGHT.replace("worker: router", "worker: My_Router\n  crom: x")
        .replace("[texts]", "[T]")
        .replace("- name: reader", "- name: writer")
        .replace("text.write}", "text.nothing}")
    )

    assert [(issue.line, issue.code) for issue in issues_in(text)] == [
        (2, "invalid-worker-name"),
        (3, "unknown-key"),
        (10, "invalid-bucket-name"),
        (14, "duplicate-autopilot"),
        (18, "unsupported-capability"),
    ]


def test_a_capability_is_not_missed_while_some_list_of_capabilities_cannot_be_read() -> None:
    text = RIGHT.replace("[text.write]", "text.write")

    assert [issue.code for issue in issues_in(text)] == ["wrong-type"]


def test_an_issue_is_one_line_for_editors_and_a_hint_below() -> None:
    (issue,) = issues_in(RIGHT.replace("[DRAFTS]", "[stage]"))

    assert str(issue) == (
        "autopilots.yaml:8:22: the KV namespace `stage` would be bound as `STAGE`, which the orchestrator itself binds "
        "[reserved-binding]\n  choose another name"
    )


@pytest.mark.parametrize(
    "written",
    [
        *("1.10", "8080", "007", "+1", "12345678901234567890", "1e3", "1E-3", ".5", "5.", "0x1F", "0o17"),
        *(".inf", "-.INF", ".nan", "True", "FALSE", "~", "null", "Null"),
    ],
)
def test_what_is_not_read_as_text_is_told_as_it_is_written_and_the_hint_followed_means_that(written: str) -> None:
    def with_variable(value: str) -> str:
        old, new = worker(f"vars: {{API_VERSION: {value}}}")
        return RIGHT.replace(old, new, 1)

    (issue,) = issues_in(with_variable(written))

    assert issue.code == "wrong-type"
    assert written in issue.message
    assert f'put it in quotes: "{written}"' in issue.hint
    followed = parse(with_variable(f'"{written}"')).autopilots[0].needs.workers[0]
    assert followed.vars == {"API_VERSION": written}
