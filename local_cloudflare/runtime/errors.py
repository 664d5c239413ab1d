"""What can go wrong in the runtime, as one tree.

    RuntimeFault                 the runtime is not there, or did not do what it was asked
    ├── StartupError             a Worker's code does not start; the message is the script's own error
    ├── DataError                KV or R2 refused a key, a value or an option; the message is the store's
    └── QueryError               a D1 statement failed; the message is SQLite's

Each message says what was refused and why; the REST API puts Cloudflare's codes to them.
"""

from __future__ import annotations


class RuntimeFault(Exception):
    """The runtime did not do what it was asked; the message says what and why."""


class StartupError(RuntimeFault):
    """A Worker's code does not parse, or throws while it is evaluated."""


class DataError(RuntimeFault):
    """KV or R2 refused a key, a value or an option; `code` is R2's own, 0 for KV."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class QueryError(RuntimeFault):
    """A D1 statement failed."""
