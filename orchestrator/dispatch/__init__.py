"""`/autopilot/plan` in Python: the routing Worker's decision from the same table, forwarded over httpx."""

from orchestrator.dispatch.dispatcher import Dispatcher

__all__ = ["Dispatcher"]
