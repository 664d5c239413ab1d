"""The orchestrator: `autopilots.yaml` becomes infrastructure, routes and repairs.

The ground floor (`errors`, `issues`, `names`, `urls`, `cron`, `nearest`, `bundle`) is words and rules; each package is
one step from the file to the account. docs/decisions/ says why.
"""
