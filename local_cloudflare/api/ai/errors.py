"""Workers AI's errors: codes and statuses of its page "Errors", words as answers over the API were quoted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_cloudflare.api.errors import ApiError

_NO_SUCH_MODEL = 5007


def refused(status: int, answer: Mapping[str, Any]) -> ApiError:
    """From what a binding throws: the API says the error's name before it."""
    name = "No such model: " if answer["code"] == _NO_SUCH_MODEL else ""
    return ApiError(status, answer["code"], f"AiError: {name}{answer['message']}")


def no_body() -> ApiError:
    return ApiError(400, 3003, "AiError: Incomplete request: Request is missing headers or body: body")
