"""D1's errors."""

from __future__ import annotations

from local_cloudflare.api.errors import ApiError


def database_not_found(id_or_name: str) -> ApiError:
    return ApiError(404, 7404, f"The database {id_or_name} could not be found")


def name_exists() -> ApiError:
    return ApiError(400, 7502, "A database with that name already exists")


def malformed(reason: str) -> ApiError:
    return ApiError(400, 7400, f"The request is malformed: {reason}")


def query_failed(message: str) -> ApiError:
    return ApiError(400, 7500, message)


def malformed_parameter(name: str) -> ApiError:
    return malformed(f"{name} must be a whole number from 1")


def no_such_bookmark(bookmark: str) -> ApiError:
    return ApiError(400, 7400, f"The bookmark {bookmark!r} is invalid or its state is no longer kept")


def no_state_at(timestamp: str) -> ApiError:
    return ApiError(400, 7400, f"There is no state of the database at or before {timestamp}")
