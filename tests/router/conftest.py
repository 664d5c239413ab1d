"""The Workers that the tests of the routing Worker talk to."""

from tests.support.router_fixtures import (
    client,
    empty_journal,
    journal,
    payments,
    planner,
    watched_world,
    workerd_url,
    world,
)

__all__ = ["client", "empty_journal", "journal", "payments", "planner", "watched_world", "workerd_url", "world"]
