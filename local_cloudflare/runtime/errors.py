"""What can go wrong in the runtime, as one tree.

    RuntimeFault                 the runtime itself is not there or misbehaves
    ├── StartupError             a Worker's code does not start; the message is the script's own error
    └── QueryError               SQLite refused a statement; the message is SQLite's
"""

from __future__ import annotations


class RuntimeFault(Exception):
    """The runtime did not do what it was asked; the message says what and why."""


class StartupError(RuntimeFault):
    """A Worker's code does not parse, or throws while it is evaluated."""


class QueryError(RuntimeFault):
    """A D1 statement failed."""
