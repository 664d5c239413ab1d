"""What a person is told when the local Cloudflare does not start, stop or answer: what was tried, why not, what next.

Not `orchestrator.errors`: the emulator is used with other programs too, and imports nothing of the product but its cron
expressions.
"""

from __future__ import annotations


class ServiceError(Exception):
    """`message` says what failed and why, `hint` what to do next. Exit code 2 is for what the user can put right."""

    def __init__(self, message: str, hint: str, *, exit_code: int = 1) -> None:
        super().__init__(f"{message}\n  {hint}")
        self.message = message
        self.hint = hint
        self.exit_code = exit_code
