"""What stands twice in the manifest, or is declared in two ways. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from orchestrator.kinds import Kind
from orchestrator.manifest.place import Mistake, Place, declared_workers
from orchestrator.names import COMPATIBILITY_DATE, ORCHESTRATOR

_NEEDS = {
    "kvNamespaces": ("title", Kind.KV_NAMESPACE.word),
    "r2Buckets": ("name", Kind.R2_BUCKET.word),
    "d1Databases": ("name", Kind.D1_DATABASE.word),
    "workers": ("name", Kind.WORKER.word),
}
_DEFAULTS: dict[str, Any] = {
    "jurisdiction": "default",
    "storageClass": "Standard",
    "optional": False,
    "crons": [],
    "secrets": [],
    "vars": {},
    "ai": False,
    "sendEmail": False,
    "compatibilityDate": COMPATIBILITY_DATE,
    "compatibilityFlags": [],
    "public": False,
    "observability": {},
    "enabled": True,
    "headSamplingRate": 1,
    "limits": {},
    "tailConsumers": [],
    "logpush": False,
    "domains": [],
}


def duplicate_autopilots(root: Place) -> Iterator[Mistake]:
    first: dict[str, int] = {}
    for autopilot in root["autopilots"].items():
        name = autopilot["name"]
        if name.text == ORCHESTRATOR:
            yield Mistake(
                path=name.path,
                code="reserved-name",
                message=f"`{ORCHESTRATOR}` is the name of the orchestrator itself",
                hint="choose another name",
            )
        elif name.text in first:
            yield Mistake(
                path=name.path,
                code="duplicate-autopilot",
                message=f"the autopilot `{name.text}` is declared twice; first on line {first[name.text]}",
                hint="give one of them another name, or make them one",
            )
        elif name.text:
            first[name.text] = name.line


def duplicate_items(root: Place) -> Iterator[Mistake]:
    """Lists in which a name may stand once."""
    yield from _twice(root["orchestrator"]["kvNamespaces"], "title", "duplicate-need", Kind.KV_NAMESPACE.word)
    for autopilot in root["autopilots"].items():
        yield from _twice(autopilot["capabilities"], "", "duplicate-capability", "capability")
        for key, (name, kind) in _NEEDS.items():
            yield from _twice(autopilot["needs"][key], name, "duplicate-need", kind)
        for worker in autopilot["needs"]["workers"].items():
            yield from _twice(worker["crons"], "", "duplicate-cron", "cron expression")
            yield from _twice(worker["tailConsumers"], "", "duplicate-tail-consumer", "tail consumer")
            yield from _twice(worker["domains"], "", "duplicate-domain", "custom domain")


def _twice(listed: Place, key: str, code: str, kind: str) -> Iterator[Mistake]:
    first: dict[str, int] = {}
    for item in listed.items():
        name = item.named(key)
        if name is None:
            continue
        if name in first:
            message = f"the {kind} `{name}` stands twice in this list; first on line {first[name]}"
            yield Mistake(path=item.path, code=code, message=message, hint="remove one of them")
        else:
            first[name] = item.line


def conflicting_domains(root: Place) -> Iterator[Mistake]:
    """A host leads to one Worker."""
    first: dict[str, tuple[str, int]] = {}
    for worker in declared_workers(root):
        for item in worker["domains"].items():
            host, name = item.named(), worker.named("name")
            if host is None or name is None:
                continue
            other, line = first.setdefault(host, (name, item.line))
            if other != name:
                yield Mistake(
                    path=item.path,
                    code="conflicting-domain",
                    message=f"the custom domain `{host}` leads to the Worker `{other}` (line {line})",
                    hint="remove one of them: a host leads to one Worker",
                )


def conflicting_needs(root: Place) -> Iterator[Mistake]:
    """What several autopilots need is one thing, so they must agree on what it is."""
    router = root["orchestrator"]["worker"]
    records = root["orchestrator"]["database"] if root["orchestrator"]["database"].text else router
    own = {"workers": router, "d1Databases": records}
    codes = {"r2Buckets": "bucket", "d1Databases": "database", "workers": "worker"}
    for key, code in ((key, f"conflicting-{word}") for key, word in codes.items()):
        name_key, kind = _NEEDS[key]
        first: dict[str, tuple[int, int, str]] = {}
        for index, autopilot in enumerate(root["autopilots"].items()):
            for need in autopilot["needs"][key].items():
                name = need.named(name_key)
                if name is None:
                    continue
                if key in own and name == own[key].text:
                    message = f"the {kind} `{name}` is the orchestrator's own (line {own[key].line})"
                    yield Mistake(path=need["name"].path, code=code, message=message, hint="choose another name")
                    continue
                content = _content(_itself(need.value))
                owner, line, known = first.setdefault(name, (index, need.line, content))
                if owner != index and content != known:
                    yield Mistake(
                        path=need[name_key].path,
                        code=code,
                        message=f"the {kind} `{name}` is declared otherwise on line {line}",
                        hint="several autopilots may need the same one, with the same settings; or choose another name",
                    )


def _itself(need: Any) -> Any:
    """Without what is said of who sees it, not of itself."""
    return {key: each for key, each in need.items() if key != "binding"} if isinstance(need, dict) else need


def _content(value: Any) -> str:
    """A text that is equal for equal declarations: written short or in full, crons and secrets in any order."""
    if isinstance(value, dict):
        options = {key: _content(each) for key, each in value.items()}
        said = {key: each for key, each in options.items() if each != _content(_DEFAULTS.get(key))}
        if said.keys() == {"name"}:
            return said["name"]
        return json.dumps(said, sort_keys=True)
    if isinstance(value, list):
        return json.dumps(sorted(map(_content, value)))
    return json.dumps(value)
