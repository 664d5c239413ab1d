"""How fast the API is called: a clock that only moves when somebody sleeps."""

from __future__ import annotations

from orchestrator.cloudflare.rate_limit import RateLimiter


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0
        self.lines: list[str] = []

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def limiter(self, calls: int) -> RateLimiter:
        return RateLimiter(clock=lambda: self.now, sleep=self.sleep, report=self.lines.append, calls=calls, others=0)


def test_calls_go_out_at_once_while_the_window_has_room() -> None:
    clock = Clock()
    limiter = clock.limiter(3)

    for _ in range(3):
        limiter.take()

    assert (clock.now, limiter.count, clock.lines) == (1000.0, 3, [])


def test_no_window_ever_has_more_calls_than_allowed_and_the_wait_is_told() -> None:
    clock = Clock()
    limiter = clock.limiter(3)
    made = []

    for _ in range(10):
        limiter.take()
        made.append(clock.now)
        clock.now += 10

    assert all(later - earlier >= 300 for earlier, later in zip(made, made[3:], strict=False))
    assert clock.lines[0] == "3 calls in 300 s; waiting 270 s to stay below the limit"


def test_a_pause_that_was_asked_for_holds_every_call() -> None:
    clock = Clock()
    limiter = clock.limiter(100)

    assert limiter.pause(60)
    assert not limiter.pause(30)  # shorter than the one that is on already
    limiter.take()

    assert clock.now == 1060.0


def test_calls_wait_when_only_the_others_share_is_left() -> None:
    clock = Clock()
    limiter = RateLimiter(clock=lambda: clock.now, sleep=clock.sleep, report=clock.lines.append, others=0.5)
    policy = {"ratelimit-policy": '"default";q=1200;w=300'}

    limiter.answered({"ratelimit": '"default";r=601;t=120', **policy})
    limiter.take()
    assert clock.now == 1000.0

    limiter.answered({"ratelimit": '"default";r=600;t=120', **policy})
    limiter.answered({"ratelimit": '"default";r=599;t=120', **policy})  # of a call that was under way
    limiter.take()

    assert clock.now == 1120.0
    assert clock.lines == [
        "Cloudflare takes 600 more calls of this user, which are left to others; continuing in 120 s"
    ]


def test_each_limit_is_held_by_its_own_policy() -> None:
    clock = Clock()
    limiter = RateLimiter(clock=lambda: clock.now, sleep=clock.sleep, report=clock.lines.append)

    limiter.answered(
        {
            "ratelimit": '"default";r=900;t=200, "burst";r=3;t=7',
            "ratelimit-policy": '"burst";q=100;w=60, "default";q=1200;w=300',
        }
    )
    limiter.take()

    assert clock.now == 1007.0


def test_headers_that_say_nothing_hold_nothing() -> None:
    clock = Clock()
    limiter = RateLimiter(clock=lambda: clock.now, sleep=clock.sleep, report=clock.lines.append)

    for headers in ({}, {"ratelimit": "soon"}, {"ratelimit": '"x";r=.;t=1'}, {"ratelimit": '"x";t=5'}):
        limiter.answered(headers)
    limiter.take()

    assert clock.now == 1000.0
