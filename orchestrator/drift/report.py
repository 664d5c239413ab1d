"""Drift for people: rows of a table, and Markdown for a GitHub job summary, with a diff for each object.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestrator.drift.findings import Difference, Drift, Finding

COLUMNS = ("CHANGE", "WHAT", "NAME", "PROPERTY", "DECLARED", "IN THE ACCOUNT")
_LONGEST = 60  # characters of a value in a table


def rows(drift: Drift) -> list[Sequence[str]]:
    """A row for each difference; a finding's own columns stand in its first row."""
    return [row for finding in drift.drifted for row in _rows(finding)]


def _rows(finding: Finding) -> Iterator[Sequence[str]]:
    change = f"{finding.change}, data lost" if finding.lost else finding.change
    first = (change, finding.kind.word, finding.name)
    if not finding.differences:
        yield (*first, "", "", "")
    for number, each in enumerate(finding.differences):
        shown = (each.path, _cell(each.desired), _cell(each.live))
        yield (*(first if number == 0 else (" ", " ", " ")), *shown)


def summary(drift: Drift) -> str:
    """One line: how it stands, and what it cost."""
    count = len(drift.drifted)
    text = (
        "no drift" if drift.clean else f"{count} thing{'s differ' if count > 1 else ' differs'} from what is declared"
    )
    lost = f", {len(drift.lost)} with lost data" if drift.lost else ""
    return f"{text}{lost}; {cost(drift)}"


def cost(drift: Drift) -> str:
    return f"{drift.calls} API calls, {drift.read} of {drift.workers} Workers read"


def undeclared(drift: Drift) -> str:
    """What nobody declared, in one line; empty where there is nothing."""
    found = [words for each in drift.findings if each.change == "undeclared" for words in _undeclared(each)]
    return f"also in the account, declared by nobody, and left alone: {', '.join(found)}" if found else ""


def _undeclared(finding: Finding) -> Iterator[str]:
    """The thing itself, or what somebody gave to one that is declared: secrets to a Worker, settings to either."""
    thing = f"{finding.kind.word} {finding.name}"
    settings = [each for each in finding.differences if each.path not in ("jurisdiction", "service")]
    for each in settings:
        secret = each.path.removeprefix("bindings.")
        yield f"secret {secret} of the {thing}" if secret != each.path else f"{each.path} of the {thing} ({each.live})"
    if not settings:
        yield thing + "".join(f" ({each.live})" for each in finding.differences)


def next_steps(drift: Drift, *, stack: str) -> str:
    """What to do about it."""
    heal = f"`python -m orchestrator heal -s {stack}`"
    if drift.lost:
        return (
            f"data is gone from the account: {heal} says what you can do, and recreates nothing empty unless you name "
            "it"
        )
    if any(each.path == "state" and each.desired for finding in drift.drifted for each in finding.differences):
        return (
            f"take over what the stack did not make with `python -m orchestrator adopt -s {stack}`; {heal} repairs the "
            "rest"
        )
    return f"{heal} repairs it"


def markdown(drift: Drift, *, stack: str) -> str:
    """A GitHub job summary: a heading that says how it stands, then each object with its diff."""
    mark = "✅" if drift.clean else "❌"
    lines = [f"## {mark} Drift of `{stack}`: {summary(drift)}", ""]
    for finding in drift.drifted:
        lost = " **Its data is lost.**" if finding.lost else ""
        lines += [f"### {finding.kind.word} `{finding.name}`: {finding.change}{lost}", ""]
        diff = [line for each in _differences(finding) for line in _diff(each)]
        lines += ["```diff", *diff, "```", ""]
    if not drift.clean:
        lines += [f"Next: {next_steps(drift, stack=stack)}.", ""]
    if also := undeclared(drift):
        lines += [f"{also[0].upper()}{also[1:]}.", ""]
    return "\n".join(lines)


def _differences(finding: Finding) -> tuple[Difference, ...]:
    """Something missing or left behind without details differs as a whole."""
    if finding.differences:
        return finding.differences
    desired, live = (finding.name, None) if finding.change == "missing" else (None, finding.name)
    return (Difference(path=finding.kind.word, desired=desired, live=live),)


def _diff(difference: Difference) -> Iterator[str]:
    """In the direction of a heal: what is there goes (-), what is declared comes (+)."""
    for sign, value in (("-", difference.live), ("+", difference.desired)):
        if value is not None:
            yield f"{sign} {difference.path}: {_line(value)}"


def _cell(value: str | None) -> str:
    text = _line(value or "")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _line(value: str) -> str:
    """On one line, so that no value can end a table's row or a block of code."""
    return " ".join(value.split()).replace("```", "'''")
