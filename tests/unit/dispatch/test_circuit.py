"""The circuit breaker: when an autopilot is left alone, and for how long."""

from __future__ import annotations

from orchestrator.dispatch.circuit import Circuit


def failing(circuit: Circuit, times: int, now: float) -> None:
    for _ in range(times):
        assert circuit.wait(now) == 0
        circuit.failed(now, now)


def test_four_failures_change_nothing() -> None:
    circuit = Circuit()

    failing(circuit, 4, 0)

    assert circuit.wait(0) == 0


def test_an_answer_begins_the_row_anew() -> None:
    circuit = Circuit()
    failing(circuit, 4, 0)

    circuit.succeeded()

    failing(circuit, 4, 0)
    assert circuit.wait(0) == 0


def test_after_five_there_is_a_pause_of_30_s() -> None:
    circuit = Circuit()

    failing(circuit, 5, 100)

    assert (circuit.wait(100), circuit.wait(129)) == (30, 1)
    assert circuit.wait(130) == 0


def test_after_the_pause_one_task_tries_it_out() -> None:
    circuit = Circuit()
    failing(circuit, 5, 0)

    assert (circuit.wait(30), circuit.wait(30)) == (0, 30)

    circuit.succeeded()
    assert circuit.wait(31) == 0


def test_each_pause_that_follows_is_twice_as_long() -> None:
    circuit = Circuit()
    failing(circuit, 5, 0)
    now, pauses = 0.0, []

    for _ in range(6):
        now += circuit.wait(now)
        failing(circuit, 1, now)
        pauses.append(circuit.wait(now))

    assert pauses == [60, 120, 240, 480, 480, 480]


def test_after_an_answer_the_first_pause_is_short_again() -> None:
    circuit = Circuit()
    failing(circuit, 5, 0)
    failing(circuit, 1, 30)
    circuit.succeeded()

    failing(circuit, 5, 100)

    assert circuit.wait(100) == 30


def test_tasks_on_their_way_when_the_pause_began_do_not_make_it_longer() -> None:
    circuit = Circuit()
    failing(circuit, 5, 10)

    for _ in range(20):
        circuit.failed(9, 11)

    assert circuit.wait(10) == 30
