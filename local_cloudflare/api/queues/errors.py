"""Queues' errors. Sources: issue threads of workers-sdk, wrangler's own constants (1001xx)."""

from __future__ import annotations

from collections.abc import Sequence

from local_cloudflare.api.errors import ApiError


def queue_not_found() -> ApiError:
    return ApiError(404, 11000, "Queue does not exist.")


def handler_missing() -> ApiError:
    return ApiError(400, 11001, "Queue handler is missing.")


def consumer_exists() -> ApiError:
    return ApiError(400, 11004, "The queue already has a consumer.")


def consumer_not_found() -> ApiError:
    return ApiError(404, 11005, "Consumer does not exist.")


def queue_has_consumer() -> ApiError:
    return ApiError(400, 11006, "The queue has a consumer. Remove the consumer first, then retry.")


def queue_has_producers(workers: Sequence[str]) -> ApiError:
    return ApiError(
        400, 11007, f"The queue is bound to Workers: {', '.join(workers)}. Remove the bindings first, then retry."
    )


def invalid_message(reason: str) -> ApiError:
    return ApiError(400, 10026, f"Invalid message: {reason}")


def message_too_large(size: int, most: int) -> ApiError:
    return ApiError(413, 10027, f"message length of {size} bytes exceeds limit of {most}")


def purge_unconfirmed() -> ApiError:
    return ApiError(400, 10028, "delete_messages_permanently must be true")


def name_exists(name: str) -> ApiError:
    return ApiError(400, 11009, f"Queue name '{name}' is already taken. Please use a different name and try again.")


def invalid_consumer(reason: str) -> ApiError:
    return ApiError(400, 100127, f"Invalid consumer settings: {reason}")


def invalid_queue(reason: str) -> ApiError:
    return ApiError(400, 100128, f"Invalid queue settings: {reason}")


def malformed_parameter(name: str) -> ApiError:
    return ApiError(400, 10004, f"Parameter {name} is malformed.")
