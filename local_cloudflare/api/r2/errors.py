"""R2's errors. The codes are R2's own: 10006 is another thing in the Workers API."""

from __future__ import annotations

from local_cloudflare.api.errors import ApiError


def not_enabled() -> ApiError:
    return ApiError(403, 10042, "Please enable R2 through the Cloudflare Dashboard.")


def bucket_exists() -> ApiError:
    return ApiError(409, 10004, "The bucket you tried to create already exists, and you own it.")


def invalid_name() -> ApiError:
    return ApiError(400, 10005, "The specified bucket name is not valid.")


def bucket_not_found() -> ApiError:
    return ApiError(404, 10006, "The specified bucket does not exist.")


def key_not_found() -> ApiError:
    return ApiError(404, 10007, "The specified key does not exist.")


def bucket_not_empty(name: str, account_id: str) -> ApiError:
    return ApiError(409, 10008, f"The bucket you tried to delete ({name}) is not empty (account {account_id}).")


def no_cors() -> ApiError:
    return ApiError(404, 10059, "The CORS configuration does not exist.")


def key_too_long(most: int) -> ApiError:
    return ApiError(400, 10020, f"The specified object name is not valid: at most {most} bytes.")


def invalid_parameter(name: str) -> ApiError:
    return ApiError(400, 10062, f"The value of {name} is not valid.")


def too_large() -> ApiError:
    """Above 300 MiB; the words are ours."""
    return ApiError(413, 100100, "Your proposed upload exceeds the maximum allowed object size.")
