"""The order in which rows can be written, so that each comes after, or together with, the rows that it refers to.

Tables go before those that refer to them. Where tables refer to one another, or a table to itself, the rows themselves
are put in order; rows that refer to one another in a circle have to be written together.

Touches the SQLite connection that it is given (temporary tables only).
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from graphlib import TopologicalSorter

from orchestrator.data.d1 import copy
from orchestrator.data.d1.schema import Table, foreign_keys, parents, tables
from orchestrator.data.d1.values import Row, quoted

_Place = tuple[int, int]  # a row: the number of its table in the group, and its own there


def ordered(connection: sqlite3.Connection) -> Iterator[tuple[Table, Row, bool]]:
    """Every row with its table. True: it must be written in one transaction with the row before it."""
    whole = tables(connection)
    for group in groups(parents(connection, whole)):
        if group.is_circle:
            yield from _by_rows(connection, [whole[name] for name in group.names])
        else:
            table = whole[group.names[0]]
            yield from ((table, row, False) for row in copy.rows(connection, table))


class Group:
    """Tables that refer to one another, or one table; `is_circle` where the rows decide the order."""

    def __init__(self, names: Sequence[str], *, is_circle: bool) -> None:
        self.names = names
        self.is_circle = is_circle


def groups(parents: Mapping[str, set[str]]) -> list[Group]:
    """The tables so that each comes after those that it refers to (`parents`)."""
    reached = {name: _reachable(parents, name) for name in parents}
    leader = {
        name: min([name, *(other for other in reached[name] if name in reached[other])]) for name in sorted(parents)
    }
    members: dict[str, list[str]] = defaultdict(list)
    for name in sorted(parents):
        members[leader[name]].append(name)
    above = {  # sorted: a restore that continues in another process needs the same order
        key: sorted({leader[parent] for name in names for parent in parents[name]} - {key})
        for key, names in members.items()
    }
    order = TopologicalSorter(above).static_order()
    return [Group(members[key], is_circle=key in reached[key]) for key in order]


def _reachable(parents: Mapping[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    waiting = list(parents[start])
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += parents[name]
    return found


def _by_rows(connection: sqlite3.Connection, group: Sequence[Table]) -> Iterator[tuple[Table, Row, bool]]:
    for number, table in enumerate(group):
        _number(connection, number, table)
    numbers = {table.name.casefold(): number for number, table in enumerate(group)}
    children: dict[_Place, list[_Place]] = defaultdict(list)
    waits: dict[_Place, int] = defaultdict(int)
    for number, table in enumerate(group):
        for parent, child, above in _references(connection, number, table, group, numbers):
            if (parent, above) != (number, child):
                children[parent, above].append((number, child))
                waits[number, child] += 1
    ready = deque(
        (number, row)
        for number in range(len(group))
        for (row,) in connection.execute(f"SELECT rowid FROM temp.rows_{number} ORDER BY rowid")
        if not waits.get((number, row))
    )
    while ready:
        place = ready.popleft()
        yield (*_row(connection, group, *place), False)
        for below in children.pop(place, ()):
            waits[below] -= 1
            if not waits[below]:
                ready.append(below)
    circle = sorted(place for place, left in waits.items() if left)
    for place in circle:
        yield (*_row(connection, group, *place), place != circle[0])
    for number in range(len(group)):
        connection.execute(f"DROP TABLE temp.rows_{number}")


def _number(connection: sqlite3.Connection, number: int, table: Table) -> None:
    """Number the rows of a table by its key: one without row numbers has no other short name for a row."""
    keys = [f"k{place}" for place in range(len(table.key))]
    named = ", ".join(f"{quoted(name)} AS {key}" for name, key in zip(table.key, keys, strict=True))
    connection.execute(f"DROP TABLE IF EXISTS temp.rows_{number}")
    connection.execute(f"CREATE TEMP TABLE rows_{number} AS SELECT {named} FROM main.{quoted(table.name)} ORDER BY 1")
    connection.execute(f"CREATE UNIQUE INDEX temp.by_key_{number} ON rows_{number} ({', '.join(keys)})")


def _found(alias: str, numbers: str, table: Table) -> str:
    """SQL: the row of the table that has a number. The other way round it is `_numbered`: each uses its own index."""
    return " AND ".join(f"{alias}.{quoted(key)} = {numbers}.k{place}" for place, key in enumerate(table.key))


def _numbered(alias: str, numbers: str, table: Table) -> str:
    return " AND ".join(f"{numbers}.k{place} = {alias}.{quoted(key)}" for place, key in enumerate(table.key))


def _references(
    connection: sqlite3.Connection, number: int, table: Table, group: Sequence[Table], numbers: Mapping[str, int]
) -> Iterator[tuple[int, int, int]]:
    """(the number of the parent's table, the child's row, the parent's row) of each reference within the group."""
    keys: dict[int, list[tuple[str, str, str | None]]] = defaultdict(list)
    for id, _, parent, column, to, *_ in foreign_keys(connection, table.name):
        if parent.casefold() in numbers:
            keys[id].append((parent, column, to))
    for columns in keys.values():
        above = numbers[columns[0][0].casefold()]
        parent = group[above]
        targets = [to or parent.primary[place] for place, (_, _, to) in enumerate(columns)]
        match = " AND ".join(
            f"p.{quoted(to)} = c.{quoted(column)}" for (_, column, _), to in zip(columns, targets, strict=True)
        )
        sql = (  # CROSS JOIN: in this order, which needs an index that is there at each step
            f"SELECT cn.rowid, pn.rowid FROM temp.rows_{number} cn "
            f"CROSS JOIN main.{quoted(table.name)} c ON {_found('c', 'cn', table)} "
            f"CROSS JOIN main.{quoted(parent.name)} p ON {match} "
            f"CROSS JOIN temp.rows_{above} pn ON {_numbered('p', 'pn', parent)}"
        )
        for child, row in connection.execute(sql):
            yield above, child, row


def _row(connection: sqlite3.Connection, group: Sequence[Table], number: int, row: int) -> tuple[Table, Row]:
    table = group[number]
    names = ", ".join(f"t.{quoted(column)}" for column in table.read)
    [found] = connection.execute(
        f"SELECT {names} FROM temp.rows_{number} n CROSS JOIN main.{quoted(table.name)} t ON {_found('t', 'n', table)} "
        "WHERE n.rowid = ?",
        (row,),
    )
    return table, found
