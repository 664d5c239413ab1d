"""Which autopilot gets a task: the table, the decision, and the problems that callers see. Pure.

The twin of `router/src/routing/`; one corpus of cases in `tests/twins/` holds both.
"""
