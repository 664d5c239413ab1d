"""What the API refuses with: Cloudflare's code and words, and the HTTP status they come with.

The services' own errors are functions in their `errors.py`; here are those that any call can meet. Sources: the pages
"Error codes" of Workers and of R2, and the issue threads where a message was quoted word for word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class ApiError(Exception):
    """An error answer. `chain` is the `error_chain` of the first error, `also` further errors beside it."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        chain: Sequence[tuple[int, str]] = (),
        also: Sequence[tuple[int, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{message} [code: {code}]")
        self.status = status
        self.code = code
        self.message = message
        self.chain = tuple(chain)
        self.also = tuple(also)
        self.headers = dict(headers or {})


def no_route(path: str) -> ApiError:
    return ApiError(
        404,
        7003,
        f"Could not route to {path}, perhaps your object identifier is invalid?",
        also=[(7000, "No route for that URI")],
    )


def method_not_allowed(method: str, allow: str) -> ApiError:
    return ApiError(405, 7001, f"Method {method} not available for that URI.", headers={"Allow": allow})


def invalid_body() -> ApiError:
    return ApiError(
        400,
        10026,
        "Could not parse request body. Verify the request format matches the API specification and try again.",
    )


def refused(message: str) -> ApiError:
    return ApiError(400, 10012, message)


def internal_error() -> ApiError:
    return ApiError(500, 10013, "An unexpected error occurred while processing your request. Try again later.")


def missing_credentials() -> ApiError:
    return ApiError(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")


def malformed_credentials() -> ApiError:
    return ApiError(400, 6003, "Invalid request headers", chain=[(6111, "Invalid format for Authorization header")])


def unable_to_authenticate() -> ApiError:
    return ApiError(401, 10001, "Unable to authenticate request")


def invalid_access_token() -> ApiError:
    return ApiError(403, 9109, "Invalid access token")


def invalid_api_token() -> ApiError:
    return ApiError(401, 1000, "Invalid API Token")


def not_permitted() -> ApiError:
    return ApiError(403, 10000, "Authentication error")


def account_not_accessible() -> ApiError:
    return ApiError(403, 9109, "Unauthorized to access requested resource")
