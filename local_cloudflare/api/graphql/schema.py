"""The part of the real schema that is here, and the errors in the real shape.

Sources: https://developers.cloudflare.com/analytics/graphql-api/ (error responses, limits), and queries that were tried
on live accounts. Where the real one is not known, this one is stricter: scalars are its own (`string`, `Date`), a data
set takes `limit` and a filter by `date` only, and a query that is wrong anywhere gives no data at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLResolveInfo,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from local_cloudflare.api.graphql.datasets import DATASETS, Row, grouped

_MOST_ROWS = 10_000
_OLDEST = timedelta(seconds=2_678_400)


def _sdl() -> str:
    types = [
        "schema { query: query }",
        *(f"scalar {name}" for name in ("string", "Date", "uint64", "float64")),
        "type query { viewer: viewer }",
        "type viewer { accounts(filter: AccountFilter!): [account!] }",
        "input AccountFilter { accountTag: string! }",
        "input DateFilter { date: Date date_geq: Date date_leq: Date }",
    ]
    fields = []
    for name, dataset in DATASETS.items():
        number = "float64" if name == "aiInferenceAdaptiveGroups" else "uint64"
        dimensions = " ".join(f"{each}: string" for each in dataset.dimensions)
        types += [
            f"type {name}Dimensions {{ date: Date {dimensions} }}",
            f"type {name}Sum {{ {' '.join(f'{each}: {number}' for each in dataset.sums)} }}",
            f"type {name}Group {{ dimensions: {name}Dimensions sum: {name}Sum }}",
        ]
        fields.append(f"{name}(limit: uint64!, filter: DateFilter!): [{name}Group!]")
    return "\n".join([*types, f"type account {{ {' '.join(fields)} }}"])


_SCHEMA = build_schema(_sdl())


def answer(
    body: Mapping[str, Any],
    *,
    account: str,
    is_allowed: bool,
    now: datetime,
    rows: Mapping[str, Sequence[Row]],
) -> dict[str, Any]:
    """What `{query, variables, operationName}` is answered with: `data` and `errors`, of which one is null."""
    try:
        document = parse(body["query"])
    except GraphQLError as error:
        return _refused(error.message, None, "parser", now)
    if wrong := validate(_SCHEMA, document):
        return _refused(_words(wrong[0]), None, "parser", now)

    def accounts(_info: GraphQLResolveInfo[Any], filter: Mapping[str, Any]) -> list[dict[str, Any]]:
        if not is_allowed or filter["accountTag"] != account:
            raise GraphQLError("not authorized for that account", extensions={"code": "authz"})
        return [{name: _resolver(name, rows[name], now.date()) for name in DATASETS}]

    result = execute_sync(
        *(_SCHEMA, document, {"viewer": {"accounts": accounts}}),
        variable_values=body.get("variables"),
        operation_name=body.get("operationName"),
    )
    if result.errors:
        first = result.errors[0]
        path = [str(step) for step in first.path or []] or None
        return _refused(first.message, path, str((first.extensions or {}).get("code", "parser")), now)
    return {"data": result.data, "errors": None}


def _resolver(name: str, rows: Sequence[Row], today: date) -> Callable[..., Any]:
    def resolve(info: GraphQLResolveInfo[Any], limit: int, filter: Mapping[str, str]) -> list[Any]:
        if type(limit) is not int or not 0 < limit <= _MOST_ROWS:
            raise GraphQLError(f"limit must be positive number and not greater than {_MOST_ROWS}")
        since, until = _days(filter)
        if today - since > _OLDEST:
            raise GraphQLError(f"cannot request data older than {int(_OLDEST.total_seconds())}s")
        found = [row for row in rows if since.isoformat() <= row.dimensions["date"] <= until.isoformat()]
        return grouped(found, _asked_dimensions(info), DATASETS[name].sums)[:limit]

    return resolve


def _days(filter: Mapping[str, str]) -> tuple[date, date]:
    """The first and the last day of a filter. Raises GraphQLError where it does not name both."""
    try:
        since = date.fromisoformat(filter.get("date") or filter["date_geq"])
        return since, date.fromisoformat(filter.get("date") or filter["date_leq"])
    except (KeyError, TypeError, ValueError) as error:
        raise GraphQLError(f"error parsing args: filter must have a range of dates, not {dict(filter)}") from error


def _asked_dimensions(info: GraphQLResolveInfo[Any]) -> list[str]:
    selections = [
        each for node in info.field_nodes for each in (node.selection_set.selections if node.selection_set else ())
    ]
    return [
        field.name.value
        for each in selections
        if isinstance(each, FieldNode) and each.name.value == "dimensions" and each.selection_set
        for field in each.selection_set.selections
        if isinstance(field, FieldNode)
    ]


def _words(error: GraphQLError) -> str:
    """The real API's words for what it is known to say; else those of the library."""
    node = error.nodes[0] if error.nodes else None
    if isinstance(node, FieldNode) and error.message.startswith("Cannot query field"):
        return f'unknown field "{node.name.value}"'
    return error.message


def _refused(message: str, path: Sequence[str] | None, code: str, now: datetime) -> dict[str, Any]:
    extensions = {"code": code, "timestamp": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}
    return {"data": None, "errors": [{"message": message, "path": path, "extensions": extensions}]}
