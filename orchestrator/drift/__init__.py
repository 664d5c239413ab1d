"""Drift: the live account against the desired state, read-only.

`check` does it for a stack: what the file says (`desired`, the modules' hashes, the bindings) and what the stack's
state knows, against what `reading` finds in the account; `compare` is the pure part in between. No update is run.
"""
