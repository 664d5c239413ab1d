"""What is wrong with a text that is not YAML, in words that help to mend it.

PyYAML has two parsers, in C and in Python, with different words for the same mistake; what a person reads depends on
what stands at the place, not on the parser. Pure.
"""

from __future__ import annotations

import yaml

_CLOSING = {"[": "]", "{": "}"}
_INDICATORS = tuple("*&@`%!")  # characters that mean something at the beginning of a plain text


def explain(error: yaml.MarkedYAMLError, text: str) -> tuple[int, int, str, str]:
    """Line, column, message and hint of a text that is not YAML; the frequent mistakes by what stands there."""
    mark = error.context_mark if "alias" in (error.context or "") else error.problem_mark
    if mark is None:
        return 1, 1, f"this is not YAML: {error}", ""
    lines = [*text.splitlines(), ""]  # a mark may stand behind the last line
    opened = error.context_mark
    opening = lines[opened.line][opened.column : opened.column + 1] if opened else ""
    if opened and opening in {*_CLOSING, '"', "'"} and not "\n".join(lines)[_offset(lines, mark) :].strip():
        message = f"`{opening}` is opened here and never closed"
        return opened.line + 1, opened.column + 1, message, f"close the `{opening}`"
    place = (mark.line + 1, mark.column + 1)
    there = lines[mark.line][mark.column : mark.column + 1]
    if there == "\t":
        return *place, "a tab may not indent YAML", "use spaces"
    if there in _INDICATORS:
        return *place, f"a text may not begin with `{there}`", f'put it in quotes: "{there}…"'
    if "mapping values" in (error.problem or ""):
        return *place, "a `:` is not expected here", "put a text with `: ` in it in quotes; check the indentation"
    if opened and opening in _CLOSING:
        message = f"`,` or `{_CLOSING[opening]}` is missing before this, for the `{opening}` on line {opened.line + 1}"
        return *place, message, f"close the `{opening}`, or put a text with brackets in quotes"
    context = f" ({error.context})" if error.context else ""
    return *place, f"this is not YAML: {error.problem}{context}", "check brackets, quotes and indentation around here"


def _offset(lines: list[str], mark: yaml.Mark) -> int:
    return sum(len(line) + 1 for line in lines[: mark.line]) + mark.column
