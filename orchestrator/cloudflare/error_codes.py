"""The error codes of Cloudflare's API that mean something to this project, each with what to do about it.

Pure. The codes are those of docs and issue threads of November 2026; a code without a hint explains itself.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Self

_NOT_VALID = "the API token is not valid (any more): make a new one"
_CHOOSE_SUBDOMAIN = "choose the account's workers.dev subdomain once: dashboard, Workers & Pages"
_SWITCH_R2_ON = "switch R2 on once: dashboard, R2 (it asks for a payment method, also for free use)"


class ErrorCode(IntEnum):
    """A code, and its hint."""

    hint: str

    NO_SUCH_OBJECT = (7000, "")
    NO_ROUTE = (7003, "")  # also for an account that does not exist
    NEURONS_SPENT = (3036, "the day's free neurons of Workers AI are spent: they are there again after midnight UTC")
    AI_BUSY = (3040, "Workers AI has no room now: try again in a minute")
    TOKEN_MISSING = (9106, "set CLOUDFLARE_API_TOKEN")
    TOKEN_INVALID = (9109, _NOT_VALID)
    NOT_PERMITTED = (
        10000,
        "the API token lacks a permission; docs/guide/deploying.md, lists the five it needs",
    )
    TOKEN_UNKNOWN = (10001, _NOT_VALID)
    NO_SUBDOMAIN = (10007, _CHOOSE_SUBDOMAIN)
    R2_NOT_ENTITLED = (10042, _SWITCH_R2_ON)
    SUBDOMAIN_REQUIRED = (10063, _CHOOSE_SUBDOMAIN)
    R2_NOT_ENABLED = (10136, _SWITCH_R2_ON)

    def __new__(cls, value: int, hint: str) -> Self:
        code = int.__new__(cls, value)
        code._value_ = value
        code.hint = hint
        return code


ACCOUNT_UNKNOWN = frozenset({ErrorCode.NO_SUCH_OBJECT, ErrorCode.NO_ROUTE})
SUBDOMAIN_NOT_CHOSEN = frozenset({ErrorCode.NO_SUBDOMAIN, ErrorCode.SUBDOMAIN_REQUIRED})
R2_IS_OFF = frozenset({ErrorCode.R2_NOT_ENTITLED, ErrorCode.R2_NOT_ENABLED})


def hint_of(code: int) -> str:
    """What to do about a code; empty where that is not known."""
    return next((each.hint for each in ErrorCode if each == code), "")
