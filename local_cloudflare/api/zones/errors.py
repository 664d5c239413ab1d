"""The errors of zones and of what leads from them to Workers. Sources: issue threads of workers-sdk; where a code is
in neither, the nearest real one."""

from __future__ import annotations

from local_cloudflare.api.errors import ApiError


def zone_not_found(name: str) -> ApiError:
    return ApiError(400, 10083, f'workers.api.error.zone_not_found for "{name}"')


def zone_not_accessible() -> ApiError:
    return ApiError(403, 10000, "Authentication error")


def duplicate_route() -> ApiError:
    return ApiError(409, 10020, "workers.api.error.duplicate_route")


def invalid_route(pattern: str) -> ApiError:
    return ApiError(400, 10022, f"Route pattern {pattern!r} must be of a host of the zone.")


def route_not_found() -> ApiError:
    return ApiError(404, 10009, "workers.api.error.route_not_found")


def script_missing() -> ApiError:
    return ApiError(400, 10019, "workers.api.error.invalid_route_script_missing")


def domain_not_found() -> ApiError:
    return ApiError(404, 10007, "This domain does not exist on your account.")


def malformed_parameter(name: str) -> ApiError:
    return ApiError(400, 10004, f"Parameter {name} is malformed.")
