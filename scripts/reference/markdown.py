"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

WRITTEN = "<!-- Written by `make docs`; edit what it is made of. -->"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; no text in it breaks its row."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(_cell(text) for text in line) + " |" for line in lines)


def code(text: str) -> str:
    return f"`{text}`" if text else ""


def page(title: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", WRITTEN, *(part.strip() for part in parts if part.strip())]) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
