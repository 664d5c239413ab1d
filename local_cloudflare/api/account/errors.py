"""Errors of the account's own calls."""

from __future__ import annotations

from local_cloudflare.api.errors import ApiError


def malformed_parameter(name: str) -> ApiError:
    return ApiError(400, 6003, f"Invalid value for {name}")
