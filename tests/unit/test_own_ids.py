"""The check of the tests' ids."""

from __future__ import annotations

import pytest

from tests.support.own_ids import refuse_shared


def test_ids_that_differ_are_taken() -> None:
    refuse_shared(["a.py::test", "a.py::test[1]"])


def test_a_shared_id_stops_the_run_and_is_named() -> None:
    with pytest.raises(pytest.UsageError, match=r"a\.py::test$"):
        refuse_shared(["a.py::test", "b.py::test", "a.py::test"])
