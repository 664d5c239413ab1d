"""Stripe's errors: a status, and a document with type, code, param and message."""

from __future__ import annotations

from typing import Any

INVALID = "invalid_request_error"


class StripeError(Exception):
    """`executed`: the endpoint had begun, so that the answer is kept under the idempotency key."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = INVALID,
        code: str | None = None,
        param: str | None = None,
        headers: dict[str, str] | None = None,
        executed: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.executed = executed
        self._members = {"type": type, "message": message, "code": code, "param": param}

    @property
    def document(self) -> dict[str, Any]:
        return {"error": {name: value for name, value in self._members.items() if value is not None}}


def missing(param: str) -> StripeError:
    return StripeError(400, f"Missing required param: {param}.", code="parameter_missing", param=param)


def unknown(param: str) -> StripeError:
    return StripeError(400, f"Received unknown parameter: {param}", code="parameter_unknown", param=param)


def invalid(param: str, message: str, code: str | None = None) -> StripeError:
    return StripeError(400, message, code=code, param=param)


def no_such(kind: str, id: str, param: str = "id", status: int = 404) -> StripeError:
    return StripeError(status, f"No such {kind}: '{id}'", code="resource_missing", param=param)


def api_error(status: int = 500) -> StripeError:
    return StripeError(status, "An unknown error occurred", type="api_error")


def rate_limited(retry_after: int | None) -> StripeError:
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    return StripeError(429, "Request rate limit exceeded.", code="rate_limit", headers=headers)


def key_in_use(key: str) -> StripeError:
    message = (
        f"There is currently another in-progress request using this Idempotent Key (that probably means you submitted "
        f"twice, and the other request is still going through): {key}. Please try again later."
    )
    return StripeError(409, message, type="idempotency_error", code="idempotency_key_in_use")


def key_reused(key: str, path: str) -> StripeError:
    message = (
        "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a "
        f"key other than '{key}' if you meant to execute a different request ({path})."
    )
    return StripeError(400, message, type="idempotency_error")
