"""The data sets: which rows each has of what was counted, and how they are summed. Pure.

A row is what was done on one day: its dimensions, and what is summed. Names are those of the real schema.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from local_cloudflare.runtime.models import Count


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Its fields: those that tell rows apart beside `date`, and those that are summed."""

    dimensions: tuple[str, ...]
    sums: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Row:
    dimensions: Mapping[str, str]
    sums: Mapping[str, float]


DATASETS: Mapping[str, Dataset] = {
    "workersInvocationsAdaptive": Dataset(dimensions=("scriptName",), sums=("requests",)),
    "kvOperationsAdaptiveGroups": Dataset(dimensions=("namespaceId", "actionType"), sums=("requests",)),
    "d1AnalyticsAdaptiveGroups": Dataset(dimensions=("databaseId",), sums=("rowsRead", "rowsWritten")),
    "r2OperationsAdaptiveGroups": Dataset(dimensions=("actionType",), sums=("requests",)),
    "queueMessageOperationsAdaptiveGroups": Dataset(dimensions=("queueId", "actionType"), sums=("billableOperations",)),
    "aiInferenceAdaptiveGroups": Dataset(dimensions=(), sums=("totalNeurons",)),
}


def rows_of(
    counts: Iterable[Count], operations: Iterable[tuple[str, str, str, int]], *, today: str, neurons: float
) -> dict[str, list[Row]]:
    """The rows of each data set. `operations` of queues: day, queue, action and number; `neurons`: of today."""
    found: dict[str, list[Row]] = {name: [] for name in DATASETS}

    def add(dataset: str, day: str, sum_: str, number: float, **dimensions: str) -> None:
        found[dataset].append(Row(dimensions={"date": day, **dimensions}, sums={sum_: number}))

    for each in counts:
        day, name, action, number = each.day, each.name, each.action, each.number
        match each.kind:
            case "worker":
                add("workersInvocationsAdaptive", day, action, number, scriptName=name)
            case "kv":
                add("kvOperationsAdaptiveGroups", day, "requests", number, namespaceId=name, actionType=action)
            case "d1":
                add("d1AnalyticsAdaptiveGroups", day, action, number, databaseId=name)
            case "r2":
                add("r2OperationsAdaptiveGroups", day, "requests", number, actionType=action)
    for day, queue, action, number in operations:
        dataset = "queueMessageOperationsAdaptiveGroups"
        add(dataset, day, "billableOperations", number, queueId=queue, actionType=action)
    if neurons:
        add("aiInferenceAdaptiveGroups", today, "totalNeurons", neurons)
    return found


def grouped(rows: Iterable[Row], by: Sequence[str], sums: Sequence[str]) -> list[dict[str, Mapping[str, object]]]:
    """The groups that a query asks for: one for all rows that are alike in the dimensions `by`; of no rows, none."""
    groups: dict[tuple[str, ...], dict[str, float]] = {}
    for row in rows:
        group = groups.setdefault(tuple(row.dimensions[name] for name in by), dict.fromkeys(sums, 0))
        for name, number in row.sums.items():
            group[name] += number
    return [{"dimensions": dict(zip(by, key, strict=True)), "sum": group} for key, group in sorted(groups.items())]
