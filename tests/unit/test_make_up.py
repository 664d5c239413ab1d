"""`make up` before it comes to the local stack: two at once, and how an answer is shown."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from orchestrator.files import take_lock
from scripts.up import shortened, told, wait_for_lock, worker_rows


def test_of_two_at_once_the_second_waits_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "up.lock"
    with path.open("w") as first, path.open("w") as second, path.open("w") as third:
        assert take_lock(first)
        threading.Timer(0.01, first.close).start()

        wait_for_lock(second)

        assert not take_lock(third)
    assert "another `make up` is running in this checkout" in capsys.readouterr().out


def test_a_long_text_of_an_answer_is_shown_by_its_beginning() -> None:
    shown = shortened(b'{"html": "' + b"<p>" * 100 + b'", "slug": "a"}')

    assert shown == '{"html": "' + ("<p>" * 14)[:40] + '… (300 characters)", "slug": "a"}'
    assert shortened(b"no JSON") == "no JSON"


def test_only_a_link_with_a_code_is_said_to_sign_in() -> None:
    assert told("http://127.0.0.1:1/admin/#code=0").endswith("(signs you in once, within ten minutes)")
    assert "$ORCHESTRATOR_TOKEN" in told("http://127.0.0.1:1/admin/")


def test_every_worker_is_listed_also_one_without_an_address() -> None:
    rows = worker_rows(["router", "clerk"], {"router": "http://router.localhost:1"})

    assert rows == [["clerk", "no address of its own"], ["router", "http://router.localhost:1"]]
