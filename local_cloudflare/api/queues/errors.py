"""Queues' errors. Sources: issue threads of workers-sdk, wrangler's own constants (1001xx)."""

from __future__ import annotations

from local_cloudflare.api.errors import ApiError


def queue_not_found() -> ApiError:
    return ApiError(404, 11000, "Queue does not exist.")


def handler_missing() -> ApiError:
    return ApiError(400, 11001, "Queue handler is missing.")


def consumer_exists() -> ApiError:
    return ApiError(400, 11004, "The queue already has a consumer.")


def consumer_not_found() -> ApiError:
    return ApiError(404, 11005, "Consumer does not exist.")


def name_exists(name: str) -> ApiError:
    return ApiError(400, 11009, f"Queue name '{name}' is already taken. Please use a different name and try again.")


def invalid_consumer(reason: str) -> ApiError:
    return ApiError(400, 100127, f"Invalid consumer settings: {reason}")


def invalid_queue(reason: str) -> ApiError:
    return ApiError(400, 100128, f"Invalid queue settings: {reason}")


def malformed_parameter(name: str) -> ApiError:
    return ApiError(400, 10004, f"Parameter {name} is malformed.")
