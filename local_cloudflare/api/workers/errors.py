"""The Workers API's errors. Codes, statuses and words: its page "Error codes", and quoted answers where they differ."""

from __future__ import annotations

from collections.abc import Sequence

from local_cloudflare.api.errors import ApiError

_NOT_FOUND = "This Worker does not exist on your account."


def worker_not_found() -> ApiError:
    return ApiError(404, 10007, _NOT_FOUND)


def service_not_found() -> ApiError:
    return ApiError(404, 10090, _NOT_FOUND)


def invalid_name() -> ApiError:
    return ApiError(
        400,
        10016,
        "Invalid Worker name. Names must start with a letter, be lowercase, and contain only alphanumeric characters"
        " and dashes.",
    )


def unparsable_upload(reason: str) -> ApiError:
    return ApiError(400, 10006, f"Failed to parse Worker upload: {reason}")


def invalid_script(message: str) -> ApiError:
    return ApiError(400, 10021, message)


def script_too_large(mib: int) -> ApiError:
    return ApiError(
        400,
        10027,
        f"Worker exceeds the size limit of {mib} MiB. Reduce your script size or upgrade your plan, then try again.",
    )


def no_event_handlers() -> ApiError:
    return ApiError(
        400,
        10068,
        "Worker has no event handlers. Export a fetch handler, scheduled handler, or other supported handler and try"
        " again.",
    )


def unknown_binding_type(type: str) -> ApiError:
    return ApiError(400, 10021, f"Binding type {type} is not valid. Use a supported binding type and try again.")


def unsupported_binding_type(name: str, type: str) -> ApiError:
    return ApiError(400, 10021, f"binding {name} of type {type} is not to be had on the local Cloudflare")


def unnamed_binding(index: int) -> ApiError:
    return ApiError(400, 10052, f"Binding at index {index} must have a name.")


def duplicate_binding(name: str) -> ApiError:
    return ApiError(
        400, 10053, f"Binding name {name} is already in use. Choose a different binding name and try again."
    )


def text_binding_too_large(name: str, size: int, most: int) -> ApiError:
    return ApiError(
        400,
        10054,
        f"Text binding {name} is too large ({size} bytes). The limit is {most} bytes. Reduce the binding size and try"
        " again.",
    )


def too_many_text_bindings(count: int, most: int) -> ApiError:
    return ApiError(
        400, 10055, f"Too many text bindings ({count}). The limit is {most}. Remove some bindings and try again."
    )


def binding_not_found(name: str) -> ApiError:
    return ApiError(404, 10056, f"Binding {name} not found. Verify the binding name is correct and try again.")


def invalid_inherit(name: str) -> ApiError:
    return ApiError(
        400, 10057, f"inherit binding '{name}' is invalid: no binding of that name exists on the previous version"
    )


def incomplete_binding(name: str, type: str, field: str) -> ApiError:
    return ApiError(400, 10021, f"binding {name} of type {type} must have a valid `{field}` specified")


def kv_namespace_not_found(id: str) -> ApiError:
    return ApiError(400, 10041, f"KV namespace {id} not found. Verify the namespace ID is correct and try again.")


def r2_bucket_not_found(name: str) -> ApiError:
    return ApiError(400, 10085, f"R2 bucket {name} not found. Verify the bucket name is correct and try again.")


def r2_not_enabled() -> ApiError:
    return ApiError(403, 10136, "Please enable R2 through the Cloudflare Dashboard.")


def d1_database_not_found(name: str) -> ApiError:
    return ApiError(
        400,
        10021,
        f"binding {name} of type d1 must have a database that already exists. Use wrangler or the UI to create the"
        " database.",
    )


def service_target_not_found(binding: str, target: str) -> ApiError:
    return ApiError(
        400,
        10143,
        f"Service binding {binding} references Worker {target} which does not exist. Deploy the target Worker first or"
        " correct the binding configuration.",
    )


def still_referenced(name: str, workers: Sequence[str]) -> ApiError:
    return ApiError(
        400,
        10142,
        f"Cannot delete Worker {name} because it is still referenced by service bindings in Workers:"
        f" {', '.join(workers)}. Remove the service bindings first, then delete the Worker.",
    )


def queue_not_found(name: str) -> ApiError:
    return ApiError(400, 100127, f"Queue '{name}' does not exist. Create it first, then retry.")


def still_consuming(name: str) -> ApiError:
    return ApiError(
        400,
        10064,
        f"Cannot delete Worker {name} as it is a consumer for a Queue. Remove it from the Queue's consumers first, then"
        " retry.",
    )


def too_many_crons(most: int) -> ApiError:
    return ApiError(
        400,
        10072,
        f"Cron trigger limit reached: your account allows {most} cron triggers. Delete unused triggers or upgrade your"
        " plan.",
    )


def invalid_cron(expression: str, reason: str) -> ApiError:
    return ApiError(400, 10100, f"invalid cron string: {expression!r} {reason}")


def unparsable_schedules() -> ApiError:
    return ApiError(400, 10026, "Could not parse request body: must be a list of objects, each with a `cron`.")


def malformed_parameter(name: str) -> ApiError:
    return ApiError(400, 10004, f"Parameter {name} is malformed. Verify this parameter matches the API specification.")


def no_subdomain() -> ApiError:
    return ApiError(404, 10007, "workers.dev subdomain not found. Visit the Workers dashboard to create one.")


def subdomain_required() -> ApiError:
    return ApiError(
        403,
        10063,
        "A workers.dev subdomain is required. Visit the Workers dashboard to create one automatically, then try again.",
    )


def subdomain_available(name: str) -> ApiError:
    return ApiError(404, 10032, f"Subdomain {name} is available but not configured.")


def invalid_subdomain(name: str) -> ApiError:
    return ApiError(400, 10033, f"Subdomain {name} is invalid. Use a DNS-compliant name and try again.")


def version_not_found() -> ApiError:
    return ApiError(404, 10071, "Worker version not found. Verify the version ID is correct and try again.")


def invalid_deployment(reason: str) -> ApiError:
    return ApiError(400, 10210, f"Invalid deployment: {reason}")


def assets_binding_without_assets() -> ApiError:
    return ApiError(
        400, 10305, "Cannot use an assets binding without uploading assets. Upload assets or remove the binding."
    )


def invalid_manifest(reason: str) -> ApiError:
    return ApiError(400, 10304, f"Asset manifest is invalid: {reason}. Verify your manifest and try again.")


def manifest_not_found() -> ApiError:
    return ApiError(404, 10343, "Asset manifest not found. Verify the manifest exists and try again.")


def invalid_asset_session() -> ApiError:
    return ApiError(401, 10000, "Authentication error")
