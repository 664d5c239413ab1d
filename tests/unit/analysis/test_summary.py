"""A model's words: what it is told, and that nothing of its answer is shown but what cites groups that it was given."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.analysis.groups import FailureGroup, group
from orchestrator.analysis.summary import MOST_GROUPS, inputs, read, sent
from tests.unit.analysis.test_groups import entry

GROUPS = group([entry(0), entry(1, outcome="fault", status=500)])
ONE, TWO = (each.id for each in GROUPS)


def answer(*statements: Any, content: str | None = None, **more: Any) -> dict[str, Any]:
    said = json.dumps({"statements": statements}) if content is None else content
    return {"choices": [{"message": {"role": "assistant", "content": said}}], **more}


def says(text: Any, *groups: Any) -> dict[str, Any]:
    return {"text": text, "groups": list(groups)}


def test_what_cites_groups_is_kept_with_them() -> None:
    found = read(answer(says("Payouts fail.", ONE), says("Both are new.", ONE, TWO, ONE)), GROUPS)

    assert [(each.text, each.groups) for each in found.statements] == [
        ("Payouts fail.", (ONE,)), ("Both are new.", (ONE, TWO)),
    ]  # fmt: skip
    assert (found.dropped, found.reason) == (0, None)


@pytest.mark.parametrize(
    "odd",
    [
        says("It cites none."),
        says("It cites an unknown one.", "000000000000"),
        says("It cites one that there is and one that there is not.", ONE, "000000000000"),
        says("It names abcdef012345 in its text.", ONE),
        says("It cites no text.", 7),
        says("   ", ONE),
        says(None, ONE),
        {"text": "It has no list.", "groups": ONE},
        {"text": "It has nothing."},
        "words",
        None,
    ],
)
def test_what_cites_none_or_another_is_dropped_and_counted(odd: Any) -> None:
    found = read(answer(odd, says("Payouts fail.", ONE)), GROUPS)

    assert ([each.text for each in found.statements], found.dropped) == (["Payouts fail."], 1)
    alone = read(answer(odd), GROUPS)
    assert (alone.statements, alone.dropped, alone.reason) == ((), 1, "the model said nothing that cites a group")


def test_a_text_is_one_short_line_without_control_characters() -> None:
    found = read(answer(says("\x1b[31mone\ntwo\u202e " + "x" * 900, ONE)), GROUPS)

    [statement] = found.statements
    assert statement.text.startswith("[31mone two x")
    assert statement.text.isprintable()
    assert len(statement.text) == 401


def test_more_than_was_asked_for_is_dropped() -> None:
    found = read(answer(*[says("Payouts fail.", ONE)] * 9), GROUPS)

    assert (len(found.statements), found.dropped) == (5, 4)


@pytest.mark.parametrize(
    "odd",
    [
        None, [], "text", {}, {"choices": []}, {"choices": None}, {"choices": [{"message": None}]},
        answer(content="Here is what you asked for:"), answer(content='{"answer": 42}'), answer(content="[]"),
        answer(content="[" * 100_000), {"choices": [{"message": {"content": None}}]}, {"response": "text"},
    ],
)  # fmt: skip
def test_an_answer_of_another_form_is_no_summary(odd: Any) -> None:
    found = read(odd, GROUPS)

    assert (found.statements, found.dropped) == ((), 0)
    assert found.reason == "the model's answer is not of the form that it was asked for"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from([ONE, TWO]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["text", "groups", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=50)
@given(st.lists(_JSON, max_size=4))
def test_whatever_it_says_only_known_groups_are_cited(statements: list[Any]) -> None:
    found = read(answer(*statements), GROUPS)

    assert all(each.groups and {*each.groups} <= {ONE, TWO} and each.text for each in found.statements)
    assert len(found.statements) + found.dropped == len(statements)
    assert bool(found.statements) != bool(found.reason)


@pytest.mark.parametrize(
    ("usage", "neurons"),
    [
        ({"prompt_tokens": 2_000, "completion_tokens": 500}, 30),
        ({"prompt_tokens": 1, "completion_tokens": 0}, 1),
        ({"prompt_tokens": "many"}, None),
        (None, None),
    ],
)
def test_what_it_cost_is_told_by_the_published_price(usage: Any, neurons: int | None) -> None:
    assert read(answer(usage=usage), GROUPS).neurons == neurons


def test_only_redacted_fields_of_the_groups_go_out() -> None:
    entries = [entry(0, capability="ask ada@example.com", detail="token=hunter2 of ada@example.com", caller="the-shop")]

    told = json.dumps(inputs(sent(group(entries))))

    assert "<e-mail>" in told
    for private in ("ada@", "hunter", "request-0", "the-shop"):
        assert private not in told


def test_the_most_frequent_are_sent_and_no_more() -> None:
    many: list[FailureGroup] = group([entry(number, capability=f"{'x' * number}") for number in range(30)])
    often = group([entry(number) for number in range(3)])

    given_to_it = sent([*many, *often])

    assert (len(given_to_it), given_to_it[0]) == (MOST_GROUPS, often[0])
