"""Errors of a query. That a wrong one is a 400 is documented; codes and words are not."""

from __future__ import annotations

from local_cloudflare.api.errors import ApiError


def wrong(message: str) -> ApiError:
    return ApiError(400, 10026, message)


def not_here(what: str) -> ApiError:
    return wrong(f"{what} is not available on this machine")
