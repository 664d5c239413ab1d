"""What nearest names cost, in both twins: counted in pairs of characters, so that it holds on any machine.

Who asks for a task that nobody knows chooses one of the two names, and who registers autopilots the others: as many, as
long and as like as the limits let them be.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from string import ascii_lowercase

import httpx
import pytest

from orchestrator.nearest import MAX_LENGTH, MAX_STEPS, compared_names, nearest_names

Corpus = httpx.Client
LETTERS = ascii_lowercase[:18]
AUTOPILOTS, CAPABILITIES = 100, 50  # as many as may be registered, and what each may have


@pytest.fixture
def corpus(client: Callable[[str], httpx.Client]) -> Corpus:
    return client("corpus")


def registered(length: int) -> list[str]:
    """As many names of that length as there can be."""
    pairs = ("".join(each) for each in product(LETTERS, repeat=3))
    return [next(pairs).rjust(length, "x")[-length:] for _ in range(AUTOPILOTS * CAPABILITIES)]


def compared(corpus: Corpus, name: str, known: list[str]) -> list[str]:
    """By both twins, which have to agree: on what is nearest as well."""
    answer = corpus.post("/compared", json={"name": name, "known": known}).raise_for_status().json()
    assert answer == {"compared": compared_names(name, known), "nearest": nearest_names(name, known)}
    return compared_names(name, known)


@pytest.mark.parametrize("length", [3, 12, 16, 40, MAX_LENGTH])
@pytest.mark.parametrize("of_known", [0, 1, 31])
def test_there_is_an_end_to_what_one_name_costs(corpus: Corpus, length: int, of_known: int) -> None:
    name = "q" * length
    known = registered(length + of_known)

    steps = sum(len(name) * len(each) for each in compared(corpus, name, known))

    assert steps <= MAX_STEPS


def test_a_long_name_costs_nothing(corpus: Corpus) -> None:
    assert compared(corpus, "q" * (MAX_LENGTH + 1), registered(MAX_LENGTH)) == []
    assert compared(corpus, "q" * 900_000, registered(128)) == []


def test_names_of_another_length_cost_nothing(corpus: Corpus) -> None:
    assert compared(corpus, "echo.rum", [*registered(128), "x" * 900_000, "echo.run", "\N{GRINNING FACE}" * 13]) == [
        "echo.run"
    ]


def test_an_ordinary_mistake_finds_what_was_meant_among_all(corpus: Corpus) -> None:
    known = [*registered(12), "payouts.run"]

    assert nearest_names("payuots.run", known)[0] == "payouts.run"
    assert "payouts.run" in compared(corpus, "payuots.run", known)


def test_characters_outside_of_the_bmp_are_one_each(corpus: Corpus) -> None:
    faces = ["\N{GRINNING FACE}" * n for n in range(1, 40)]

    lengths = [len(each) for each in compared(corpus, "\N{GRINNING FACE}" * 8, faces)]

    assert lengths == [8, 7, 9, 6, 10, 5, 11, 4, 12]
