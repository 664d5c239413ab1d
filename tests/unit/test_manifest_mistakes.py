"""Broken manifests, one mistake each: where it is reported, under which code, in which words.

Each case puts `new` in the place of `old` in a manifest that is right.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from orchestrator.errors import ManifestError
from orchestrator.manifest import Issue, parse

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
URL = "https://reader.example.com/"


class Mistake(NamedTuple):
    """`at` is line:column; `says` is a part of the message or the hint."""

    name: str
    old: str
    new: str
    at: str
    code: str
    says: str


def worker_with(text: str) -> tuple[str, str]:
    return SOURCE, f"{SOURCE}          {text}\n"


def router_with(text: str) -> tuple[str, str]:
    return ROUTER, f"{ROUTER}  {text}\n"


MISTAKES = [
    # What is not YAML.
    Mistake("cron without quotes", *router_with("cron: */15 * * * *"), "3:9", "yaml-syntax", 'put it in quotes: "*…"'),
    Mistake("tab", ROUTER, "\tworker: router\n", "2:1", "yaml-syntax", "a tab may not indent YAML"),
    Mistake("bracket not closed", "[DRAFTS]", "[DRAFTS", "9:16", "yaml-syntax", "for the `[` on line 8"),
    Mistake("quote not closed", TASK, "{capability: 'text.write}", "17:23", "yaml-syntax", "is opened here and never"),
    Mistake("colon in a text", URL, "not: a url", "14:18", "yaml-syntax", "a `:` is not expected here"),
    Mistake("two documents", "tasks:", "---\ntasks:", "16:1", "yaml-syntax", "more than one YAML document"),
    Mistake("control character", "DRAFTS", "DRA\x07FTS", "8:25", "yaml-syntax", "U+0007"),
    Mistake("alias", "[DRAFTS]", "&x [DRAFTS]\n      r2Buckets: *x\n      #", "9:18", "yaml-alias", "write the value out"),
    Mistake("tag", "[DRAFTS]", "!set [DRAFTS]", "8:21", "yaml-tag", "`!set` is not supported"),
    Mistake("key twice", ROUTER, ROUTER * 2, "3:3", "duplicate-key", "the key `worker` stands twice; first on line 2"),
    Mistake("key that is no text", "  write:", "  2:", "17:3", "yaml-key", "a key must be text, and `2` is not"),
    # What is not a manifest.
    Mistake("empty file", RIGHT, "", "1:1", "wrong-type", "begin with `orchestrator:`"),
    Mistake("list as a file", RIGHT, "- a\n", "1:1", "wrong-type", "the file must be a mapping (`key: value`), and is a list"),
    Mistake("unknown key", "kvNamespaces:", "kvNamespace:", "8:7", "unknown-key", "did you mean `kvNamespaces`?"),
    Mistake("snake case", "r2Buckets:", "r2_buckets:", "9:7", "unknown-key", "did you mean `r2Buckets`?"),
    Mistake("key of another tool", *worker_with("routes: []"), "13:11", "unknown-key", "known here: ai, content, crons,"),
    Mistake("required key misspelt", "capabilities: [text.read]", "capability: [text.read]", "15:5", "unknown-key", "`capabilit"),
    Mistake("key left out", "write: {capability: text.write}", "write: {}", "17:3", "missing-key", "lacks `capability`"),
    Mistake("section left out", f"orchestrator:\n{ROUTER}", "", "1:1", "missing-key", "the file lacks `orchestrator`"),
    Mistake("number for text", "- name: reader", "- name: 5", "13:11", "wrong-type", 'put it in quotes: "5"'),
    Mistake("text for true", TASK, "{capability: text.write, once: yes}", "17:34", "wrong-type", "must be true or false"),
    Mistake("text for a list", "[texts]", "texts", "9:18", "wrong-type", "must be a list, and is `texts`"),
    Mistake("number for a need", "[texts]", "[7]", "9:19", "wrong-type", "must be text or a mapping"),
    Mistake("key without value", URL, "", "14:14", "wrong-type", "leave the key out, or give it a value"),
    Mistake("number as a variable", *worker_with("vars: {PORT: 8080}"), "13:24", "wrong-type", 'put it in quotes: "8080"'),
    Mistake("fraction", TASK, "{capability: text.write, timeout: 2.5}", "17:37", "wrong-type", "must be a whole number"),
    Mistake("too much", "[text.read]", "[text.read]\n    weight: 101", "16:13", "out-of-range", "at most 100, and is 101"),
    Mistake("too little", TASK, "{capability: text.write, timeout: 0}", "17:37", "out-of-range", "at least 1, and is 0"),
    Mistake("unknown location", "[texts]", "[{name: texts, location: mars}]", "9:32", "not-allowed", "'wnam', and is `mars`"),
    Mistake("no capabilities", "[text.read]", "[]", "15:19", "empty", "must not be empty"),
    # Names.
    Mistake("autopilot name", "- name: reader", "- name: Reader!", "13:11", "invalid-autopilot-name", "`Reader!`"),
    Mistake("capability", "[text.read]", "[Text Read]", "15:20", "invalid-capability", "`Text Read`"),
    Mistake("task name", "  write:", "  write it:", "17:3", "invalid-task-name", "`write it`"),
    Mistake("Worker name", ROUTER, "  worker: my_router\n", "2:11", "invalid-worker-name", "part of a host name"),
    Mistake("bucket name", "[texts]", "[my.texts]", "9:19", "invalid-bucket-name", "3 to 63 lower-case letters"),
    Mistake("bucket name too short", "[texts]", "[tx]", "9:19", "invalid-bucket-name", "`tx` is not a valid bucket name"),
    Mistake("KV title", "[DRAFTS]", "['DRAFTS ']", "8:22", "invalid-kv-title", "without a space at either end"),
    Mistake("variable name", *worker_with("vars: {MY-VAR: x}"), "13:18", "invalid-variable-name", "`MY-VAR`"),
    Mistake("allowed host", *router_with("allowedHosts: [https://x.example]"), "3:18", "invalid-host", "a host name in lower"),
    # Values.
    Mistake("cron with four fields", *router_with("cron: '*/15 * * *'"), "3:9", "invalid-cron", "has 4 fields"),
    Mistake("cron day 0", *worker_with("crons: ['0 0 * * 0']"), "13:19", "invalid-cron", "1-7 or SUN-SAT (1 is Sunday)"),
    Mistake("31 February", *worker_with("crons: ['0 0 31 2 *']"), "13:19", "cron-never-fires", "never fires"),
    Mistake("absolute source", "writer/index.ts", "/etc/passwd", "12:19", "invalid-source", "relative to the project"),
    Mistake("source outside", "writer/index.ts", "a/../../b.ts", "12:19", "invalid-source", "leaves the project's folder"),
    Mistake("source of Windows", "writer/index.ts", r"writer\index.ts", "12:19", "invalid-source", "forward slashes"),
    Mistake("large variable", *worker_with(f"vars: {{A: {'x' * 5121}}}"), "13:21", "variable-too-large", "has 5,121"),
    Mistake("plain http", URL, "http://reader.example.com/", "14:15", "endpoint-https-required", "it must use https"),
    Mistake("IP address", URL, "https://127.1/", "14:15", "endpoint-ip-literal", "not an IP address in any spelling"),
    Mistake("own host", URL, "https://router.efh.workers.dev/", "14:15", "endpoint-own-host", "the orchestrator's own host"),
    Mistake("host not allowed", *router_with("allowedHosts: [x.example]"), "15:15", "endpoint-host-not-allowed", "not in the list"),
    # What stands twice.
    Mistake("autopilot twice", "- name: reader", "- name: writer", "13:11", "duplicate-autopilot", "first on line 4"),
    Mistake("capability twice", "[text.read]", "[text.read, text.read]", "15:31", "duplicate-capability", "`text.read`"),
    Mistake("need twice", "[DRAFTS]", "[DRAFTS, {title: DRAFTS}]", "8:30", "duplicate-need", "the KV namespace `DRAFTS`"),
    Mistake("cron twice", *worker_with("crons: ['0 * * * *', '0 * * * *']"), "13:32", "duplicate-cron", "stands twice"),
    # What does not fit together.
    Mistake("reserved autopilot", "- name: reader", "- name: orchestrator", "13:11", "reserved-name", "choose another name"),
    Mistake("nobody can", TASK, "{capability: text.wriet}", "17:23", "unsupported-capability", "No autopilot currently supports text.wriet"),
    Mistake("Worker of nobody", "worker: writer\n", "worker: writers\n", "5:13", "unknown-worker", "did you mean `writer`?"),
    Mistake("Worker is the router", "worker: writer\n", "worker: router\n", "5:13", "unknown-worker", "is the orchestrator itself"),
    Mistake("no way to it", f"    endpoint: {URL}\n", "", "13:11", "unreachable-autopilot", "neither `endpoint` nor `worker`"),
    Mistake("once for no task", TASK, f"{TASK}\n  wirte: {{once: true}}", "18:3", "once-unknown-task", "did you mean `write`?"),
    Mistake("once and idempotent", TASK, "{capability: text.write, once: true, idempotent: true}", "17:40", "once-and-idempotent", "never"),
    Mistake("two scripts", *worker_with("content: export default {}"), "13:11", "source-or-content", "both `source` and `content`"),
    Mistake("no script", f"\n          {SOURCE}", "\n", "11:17", "source-or-content", "neither `source` nor `content`"),
    Mistake(
        "bucket in two ways",
        "[text.read]",
        "[text.read]\n    needs: {r2Buckets: [{name: texts, jurisdiction: eu}]}",
        "16:32",
        "conflicting-bucket",
        "declared otherwise on line 9",
    ),
    Mistake(
        "Worker in two ways",
        "[text.read]",
        "[text.read]\n    needs: {workers: [{name: writer, source: other.ts}]}",
        "16:30",
        "conflicting-worker",
        "declared otherwise on line 11",
    ),
    Mistake(
        "Worker called like the router",
        "[text.read]",
        "[text.read]\n    needs: {workers: [{name: router, source: other.ts}]}",
        "16:30",
        "conflicting-worker",
        "the orchestrator's own (line 2)",
    ),
    # Bindings.
    Mistake("reserved secret", *worker_with("secrets: [WEBHOOK_SECRET]"), "13:21", "reserved-binding", "`WEBHOOK_SECRET` is bound"),
    Mistake("reserved variable", *worker_with("vars: {STAGE: x}"), "13:18", "reserved-binding", "`STAGE` is bound"),
    Mistake("reserved by its name", "[DRAFTS]", "[stage]", "8:22", "reserved-binding", "would be bound as `STAGE`"),
    Mistake("reserved on the router", *router_with("kvNamespaces: [REGISTRY, db]"), "3:28", "reserved-binding", "bound as `DB`"),
    Mistake("namespace and bucket", "[DRAFTS]", "[texts]", "9:19", "binding-collision", "would both be bound as `TEXTS`"),
    Mistake("namespace and secret", *worker_with("secrets: [DRAFTS]"), "13:21", "binding-collision", "(line 8) and the secret"),
    Mistake("namespace and Worker", *router_with("kvNamespaces: [REGISTRY, writer]"), "6:13", "binding-collision", "the Worker `writer`"),
    Mistake("no REGISTRY", *router_with("kvNamespaces: [OTHER]"), "3:3", "missing-registry", "add REGISTRY to the list"),
    Mistake(
        "too many variables",
        *worker_with(f"vars: {{{', '.join(f'V{number}: x' for number in range(63))}}}"),
        "11:17",
        "too-many-variables",
        "65 variables and secrets",
    ),
]  # fmt: skip


def issues_in(text: str) -> tuple[Issue, ...]:
    with pytest.raises(ManifestError) as error:
        parse(text, "autopilots.yaml")
    return error.value.issues


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_one_mistake_is_reported_once_at_its_place(mistake: Mistake) -> None:
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
