"""The Workers that run the corpus beside Python."""

from tests.support.router_fixtures import client, planner, workerd_url

__all__ = ["client", "planner", "workerd_url"]
