"""`/autopilot/plan` in Python: the routing Worker's decision from the same table, forwarded over httpx.

`dispatcher` is where it begins; `failure`, `request` and `signature` are pure.
"""
