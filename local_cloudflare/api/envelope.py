"""Cloudflare's envelope: `{success, errors, messages, result, result_info}`, and the two ways lists are paged.

Pure: from values to values. The fields and their order are the real API's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local_cloudflare.api.errors import ApiError


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a handler gives back: the `result`, and `info` for `result_info` where the answer is a list."""

    result: Any
    status: int = 200
    info: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class PageRequest:
    """Which page of a list is wanted; pages count from 1."""

    page: int
    per_page: int


def page(items: Sequence[Any], wanted: PageRequest) -> Answer:
    """One page of a whole list; a page after the last one is empty, as the clients that page until then expect."""
    start = (wanted.page - 1) * wanted.per_page
    part = list(items[start : start + wanted.per_page])
    info = {
        "page": wanted.page,
        "per_page": wanted.per_page,
        "count": len(part),
        "total_count": len(items),
        "total_pages": -(-len(items) // wanted.per_page),
    }
    return Answer(result=part, info=info)


def success(answer: Answer) -> dict[str, Any]:
    body: dict[str, Any] = {"success": True, "errors": [], "messages": [], "result": answer.result}
    if answer.info is not None:
        body["result_info"] = dict(answer.info)
    return body


def failure(error: ApiError) -> dict[str, Any]:
    first: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.chain:
        first["error_chain"] = [{"code": code, "message": message} for code, message in error.chain]
    others = [{"code": code, "message": message} for code, message in error.also]
    return {"success": False, "errors": [first, *others], "messages": [], "result": None}
