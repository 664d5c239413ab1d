"""SQL taken apart into statements, in one pass over the text, and names as it has them.

The rules are those of SQLite's `sqlite3_complete`: a semicolon ends a statement unless it is in a string, a name or a
comment, or in the body of a trigger, which ends with `; END ;`. Pure.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?(?:\*/|\Z))"""
    r"""|(?P<quoted>'[^']*(?:'|\Z)|"[^"]*(?:"|\Z)|`[^`]*(?:`|\Z)|\[[^\]]*(?:\]|\Z))"""
    r"""|(?P<end>;)|(?P<word>[\w$]+)|(?P<other>.)""",
    re.DOTALL,
)


def statements(sql: str) -> list[str]:
    """The statements of `sql`, each with its semicolon, and what is left; none that is only space and comments.

    A text with no statement in it is given back as one, for SQLite to refuse.
    """
    found: list[str] = []
    start = 0
    words: list[str] = []  # of the statement: the first four
    last = ["", ""]  # its last two tokens
    for token in _TOKEN.finditer(sql):
        if token.lastgroup == "space":
            continue
        text = token.group().upper() if token.lastgroup == "word" else token.group()
        if token.lastgroup == "end":
            if not _is_trigger(words) or last == [";", "END"]:
                if words:
                    found.append(sql[start : token.end()].strip())
                start, words, last = token.end(), [], ["", ""]
                continue
        elif len(words) < 4:
            words.append(text)
        last = [last[1], text]
    if words:
        found.append(sql[start:].strip())
    return found or [sql]


def _is_trigger(words: list[str]) -> bool:
    rest = words[1:] if words[:1] == ["EXPLAIN"] else words
    return rest[:1] == ["CREATE"] and rest[1 + (rest[1:2] in (["TEMP"], ["TEMPORARY"])) :][:1] == ["TRIGGER"]


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'
