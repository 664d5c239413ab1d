"""Whether JavaScript reads a `pattern` of the catalogue: the router makes a RegExp with the flag u of it, and one that
cannot be made would fail each task of the capability.

As far as can be told without JavaScript: its escapes, groups, classes and braces are held against its rules, and what
is left must be an expression that Python reads. Pure.
"""

from __future__ import annotations

import re

_SETS = re.compile(r"\\(?:[dDsSwW]|[pP]\{[\w=]+\})")
_ESCAPE = re.compile(
    r"\\(?:[\^$\\.*+?()\[\]{}|/dDsSwWbfnrtv]|0(?!\d)|c[A-Za-z]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{1,5}\}"
    r"|[pP]\{[\w=]+\})"
)
_TOKEN = re.compile(rf"{_ESCAPE.pattern}|\\-|[^\\]", re.DOTALL)
_CLASS = re.compile(r"\[\^?((?:\\.|[^\]\\])+)\]", re.DOTALL)
_ASSERTIONS = re.compile(r"\\[bB]")
_NO_GROUP = re.compile(r"\(\?(?!:|=|!|<=|<!|<[A-Za-z_]\w*>)")
_QUANTIFIERS = re.compile(r"\{\d+(?:,\d*)?\}")


def is_pattern(pattern: object) -> bool:
    """Whether it can be one. Backreferences are refused too: nothing in a catalogue needs them."""
    if not isinstance(pattern, str) or not all(map(_is_class, _CLASS.findall(pattern))):
        return False
    plain = _ESCAPE.sub("a", _ASSERTIONS.sub("^", _CLASS.sub("a", pattern)))
    if "\\" in plain or _NO_GROUP.search(plain) or re.search(r"[*+?}]\+", plain):
        return False
    if re.search(r"[{}\[\]]", _QUANTIFIERS.sub("", plain)):
        return False
    try:
        re.compile(plain.replace("(?<=", "(?=").replace("(?<!", "(?!").replace("(?<", "(?P<"))
    except re.error:
        return False
    return True


def _is_class(body: str) -> bool:
    """What stands between brackets."""
    tokens = _TOKEN.findall(body)
    if "".join(tokens) != body:
        return False
    at = 0
    while at < len(tokens):
        if at + 2 < len(tokens) and tokens[at + 1] == "-":
            first, last = tokens[at], tokens[at + 2]
            if _SETS.match(first) or _SETS.match(last) or (len(first) == len(last) == 1 and first > last):
                return False
            at += 2
        at += 1
    return True
