"""What a plan request may hold: `{"task", "meta", "explain"}`; the twin of `planRequest` in `router/src/plan/plan.ts`.

Pure. All errors are found at once, each with a JSON Pointer (RFC 6901) to the member.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

MAX_TASK_LENGTH = 256
MAX_DEPTH = 100
MAX_BODY_BYTES = 1024 * 1024
_KEY = re.compile(r"(?!\")[\x21-\x7e]{1,255}")
_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
_BRACKETS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]')


class JsonText(str):
    """The text of a JSON object, which is sent on as it is: numbers keep their digits."""

    __slots__ = ()


def body_text(members: Mapping[str, Any], meta: Mapping[str, Any] | JsonText) -> str:
    """A request's body: `members`, and `meta` as it is."""
    head, tail = (_dumped(each) if not isinstance(each, JsonText) else each for each in (members, meta))
    return f'{head[:-1]},"meta":{tail}}}'


def _dumped(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def check_plan(body: Mapping[str, Any]) -> list[dict[str, str]]:
    """What is wrong with the values of `task` and `meta`: a list of `{pointer, message}`, empty when all is well."""
    errors = []
    task, meta = body["task"], body["meta"]
    if not isinstance(task, str) or not 1 <= len(task) <= MAX_TASK_LENGTH or not _is_well_formed(task):
        errors.append({"pointer": "/task", "message": f"must be a string of 1 to {MAX_TASK_LENGTH} characters"})
    if not isinstance(meta, Mapping | JsonText):
        errors.append({"pointer": "/meta", "message": "must be an object"})
    elif _depth(meta) > MAX_DEPTH:
        errors.append({"pointer": "/meta", "message": f"must not be nested deeper than {MAX_DEPTH} levels"})
    return errors


def _depth(meta: Mapping[str, Any] | JsonText) -> int:
    """How deep arrays and objects stand in each other; of a mapping no deeper than matters."""
    if isinstance(meta, JsonText):
        level = depth = 0
        for token in _BRACKETS.findall(meta):
            level += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token, 0)
            depth = max(depth, level)
        return depth
    depth = 0
    values: list[Mapping[Any, Any] | list[Any] | tuple[Any, ...]] = [meta]
    while values and depth <= MAX_DEPTH:
        depth += 1
        inner = (each.values() if isinstance(each, Mapping) else each for each in values)
        values = [value for each in inner for value in each if isinstance(value, Mapping | list | tuple)]
    return depth


def check_key(key: str) -> str:
    """`key` as an Idempotency-Key header's value, without the quotation marks that a string of structured fields has:
    with them it is the same key. Raises ValueError for what the routing Worker would not take."""
    if quoted := _QUOTED.fullmatch(key):
        key = re.sub(r"\\(.)", r"\1", quoted[1])
    if not _KEY.fullmatch(key):
        raise ValueError(f"an idempotency key is 1 to 255 printable ASCII characters without spaces, not {key!r}")
    return key


def _is_well_formed(text: str) -> bool:
    """Whether `text` has no half of a surrogate pair, which UTF-8 cannot hold."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
