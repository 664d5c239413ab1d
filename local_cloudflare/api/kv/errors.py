"""Workers KV's errors, in its own words: what was tried, and the reason in quotes."""

from __future__ import annotations

from collections.abc import Sequence

from local_cloudflare.api.errors import ApiError


def namespace_not_found(operation: str) -> ApiError:
    return ApiError(404, 10013, f"{operation}: 'namespace not found'")


def title_exists() -> ApiError:
    return ApiError(400, 10014, "a namespace with this account ID and title already exists")


def missing_title() -> ApiError:
    return ApiError(400, 10019, "missing title")


def title_too_long(most: int) -> ApiError:
    return ApiError(400, 10030, f"title length limit exceeded: at most {most} bytes")


def has_associated_scripts(scripts: Sequence[str]) -> ApiError:
    return ApiError(400, 10052, f"remove namespace: 'namespace has associated scripts: {', '.join(scripts)}'")


def key_not_found(operation: str) -> ApiError:
    return ApiError(404, 10009, f"{operation}: 'key not found'")


def key_too_long(key: str, most: int) -> ApiError:
    return ApiError(414, 10033, f"UTF-8 encoded length of {len(key.encode())} exceeds key length limit of {most}.")


def value_too_large(size: int, most: int) -> ApiError:
    return ApiError(413, 10024, f"Value length of {size} exceeds limit of {most}.")


def invalid_expiration(least: int) -> ApiError:
    return ApiError(
        400, 10029, f"put: 'Invalid expiration_ttl. Expiration times must be at least {least} seconds in the future.'"
    )


def malformed_parameter(name: str) -> ApiError:
    code = {"page": 10007, "per_page": 10008, "limit": 10028}.get(name, 10012)
    return ApiError(400, code, f"malformed {name} argument")


def malformed_body(reason: str) -> ApiError:
    return ApiError(400, 10012, f"malformed body: {reason}")
