"""Stripe's lists: newest first, a page of 1 to 100, and the object after or before which it begins. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from local_services.stripe import errors, forms

PARAMS = ("limit", "starting_after", "ending_before", "created")
_MOST = 100
_COMPARED: Mapping[str, Callable[[int, int], bool]] = {
    "gt": lambda at, than: at > than,
    "gte": lambda at, than: at >= than,
    "lt": lambda at, than: at < than,
    "lte": lambda at, than: at <= than,
    "eq": lambda at, than: at == than,
}


def page(url: str, found: Sequence[Mapping[str, Any]], query: forms.Form) -> dict[str, Any]:
    """The page of `found`, oldest first, that the query asks for. Raises StripeError."""
    limit = forms.integer(query, "limit", least=1, default=10)
    if limit > _MOST:
        raise errors.invalid("limit", f"limit must be at most {_MOST}", "parameter_invalid_integer")
    newest = [each for each in reversed(found) if _in_time(each, query.get("created"))]
    ids = [each["id"] for each in newest]
    after, before = forms.text(query, "starting_after"), forms.text(query, "ending_before")
    for param, id in (("starting_after", after), ("ending_before", before)):
        if id is not None and id not in ids:
            raise errors.no_such("object", id, param, 400)
    if before is not None:
        end = ids.index(before)
        shown, more = newest[max(0, end - limit) : end], end > limit
    else:
        start = ids.index(after) + 1 if after is not None else 0
        shown, more = newest[start : start + limit], len(newest) > start + limit
    return {"object": "list", "url": url, "has_more": more, "data": list(shown)}


def _in_time(each: Mapping[str, Any], created: Any) -> bool:
    if created is None:
        return True
    bounds = created if isinstance(created, dict) else {"eq": created}
    for name, value in bounds.items():
        if name not in _COMPARED:
            raise errors.unknown(f"created[{name}]")
        if not str(value).isdecimal():
            raise errors.invalid("created", f"Invalid integer: {value}", "parameter_invalid_integer")
        if not _COMPARED[name](each["created"], int(value)):
            return False
    return True
