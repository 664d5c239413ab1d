"""What goes wrong, as data: which calls, which of them, and what happens.

`{"method": "POST", "path": "/v1/transfers", "match": {"destination": "acct_2"}, "after": 1, "times": 2, "effect": …}`:
the second and third such call. `effect`:

- `drop`: the connection ends without an answer; `when`: `before` (nothing was done) or `after` (it was, and its answer
  is kept under the key);
- `error`: `status` is answered (429 and 409 with `retryAfter`); `when` as above. A 5xx is kept under the key, as Stripe
  keeps it; 409 and 429 are not;
- `hang`: no answer until the client gives up; `when` as above;
- `delay`: `seconds` later, and well.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self


@dataclass(kw_only=True)
class Fault:
    """`after`: so many calls are let through before; `times`: how often it strikes, None for always."""

    path: str = "*"
    method: str = "*"
    match: Mapping[str, str] = field(default_factory=dict)
    effect: Literal["drop", "error", "hang", "delay"] = "error"
    when: Literal["before", "after"] = "before"
    status: int = 500
    retryAfter: int | None = None
    seconds: float = 1
    after: int = 0
    times: int | None = 1

    @classmethod
    def from_object(cls, value: Mapping[str, Any]) -> Self:
        """Raises TypeError or ValueError for what is no fault."""
        fault = cls(**value)
        if fault.effect not in ("drop", "error", "hang", "delay") or fault.when not in ("before", "after"):
            raise ValueError(f"no such effect: {fault.effect} {fault.when}")
        return fault

    def strikes(self, method: str, path: str, form: Mapping[str, Any]) -> bool:
        """Whether this call is struck; counts it where it could be."""
        if self.method not in ("*", method) or not fnmatch.fnmatchcase(path, self.path) or self.times == 0:
            return False
        if any(form.get(name) != value for name, value in self.match.items()):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True
