"""What R2 refuses an S3 call with: S3's code in XML, R2's words. Source: R2's page "Error codes", and issue threads."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus


class S3Error(Exception):
    """An error answer; `code` is S3's."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message


def invalid_argument(message: str) -> S3Error:
    return S3Error(HTTPStatus.BAD_REQUEST, "InvalidArgument", message)


def invalid_request(message: str) -> S3Error:
    return S3Error(HTTPStatus.BAD_REQUEST, "InvalidRequest", message)


def unauthorized() -> S3Error:
    return S3Error(HTTPStatus.UNAUTHORIZED, "Unauthorized", "Unauthorized")


def access_denied() -> S3Error:
    return S3Error(HTTPStatus.FORBIDDEN, "AccessDenied", "Access Denied")


def signature_does_not_match() -> S3Error:
    return S3Error(
        HTTPStatus.FORBIDDEN,
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. "
        "Check your secret access key and signing method.",
    )


def expired() -> S3Error:
    return S3Error(HTTPStatus.BAD_REQUEST, "ExpiredRequest", "Request has expired.")


def time_too_skewed() -> S3Error:
    return S3Error(
        HTTPStatus.FORBIDDEN,
        "RequestTimeTooSkewed",
        "The difference between the request time and the server's time is too large.",
    )


def invalid_region(region: str) -> S3Error:
    return S3Error(
        HTTPStatus.BAD_REQUEST,
        "InvalidRegionName",
        f"The region name '{region}' is not valid. Must be one of: wnam, enam, weur, eeur, apac, oc, auto",
    )


def not_implemented(what: str) -> S3Error:
    return S3Error(HTTPStatus.NOT_IMPLEMENTED, "NotImplemented", f"{what} not implemented")


def method_not_allowed() -> S3Error:
    return S3Error(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "MethodNotAllowed",
        "The specified method is not allowed against this resource.",
    )


def bad_digest(algorithm: str) -> S3Error:
    return S3Error(
        HTTPStatus.BAD_REQUEST, "BadDigest", f"The {algorithm} checksum you specified did not match what we received."
    )


def incomplete_body() -> S3Error:
    return S3Error(
        HTTPStatus.BAD_REQUEST,
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header.",
    )


def missing_content_length() -> S3Error:
    return S3Error(
        HTTPStatus.LENGTH_REQUIRED, "MissingContentLength", "You must provide the Content-Length HTTP header."
    )


def entity_too_large() -> S3Error:
    return S3Error(
        HTTPStatus.BAD_REQUEST,
        "EntityTooLarge",
        "Your proposed upload exceeds the maximum allowed object size.",
    )


def malformed_xml() -> S3Error:
    return S3Error(400, "MalformedXML", "The XML you provided was not well formed or did not validate.")


def no_such_key() -> S3Error:
    return S3Error(HTTPStatus.NOT_FOUND, "NoSuchKey", "The specified key does not exist.")


def no_such_upload() -> S3Error:
    return S3Error(HTTPStatus.NOT_FOUND, "NoSuchUpload", "The specified multipart upload does not exist.")


def invalid_part() -> S3Error:
    return S3Error(HTTPStatus.BAD_REQUEST, "InvalidPart", "One or more of the specified parts could not be found.")


def precondition_failed() -> S3Error:
    return S3Error(
        HTTPStatus.PRECONDITION_FAILED,
        "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold.",
    )


def not_modified() -> S3Error:
    return S3Error(HTTPStatus.NOT_MODIFIED, "NotModified", "")


def internal_error() -> S3Error:
    return S3Error(
        HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", "We encountered an internal error. Please try again."
    )


_OF_REST = {
    10004: "BucketAlreadyOwnedByYou",
    10005: "InvalidBucketName",
    10006: "NoSuchBucket",
    10007: "NoSuchKey",
    10008: "BucketNotEmpty",
    10020: "InvalidObjectName",
    10042: "NotEntitled",
}


def of_rest(status: int, code: int, message: str) -> S3Error:
    """The S3 error of one that the buckets' own rules raise for both APIs."""
    return S3Error(status, _OF_REST.get(code, "InvalidArgument"), message)


_OF_STORE: dict[int, Callable[[], S3Error]] = {
    10007: no_such_key,
    10024: no_such_upload,
    10025: invalid_part,
    10031: precondition_failed,
    100100: entity_too_large,
    10048: lambda: S3Error(HTTPStatus.BAD_REQUEST, "InvalidPart", "All non-trailing parts must have the same length."),
    10011: lambda: S3Error(
        HTTPStatus.BAD_REQUEST,
        "EntityTooSmall",
        "Your proposed upload is smaller than the minimum allowed object size.",
    ),
    10012: lambda: S3Error(
        HTTPStatus.BAD_REQUEST,
        "MetadataTooLarge",
        "Your metadata headers exceed the maximum allowed metadata size.",
    ),
    10020: lambda: S3Error(HTTPStatus.BAD_REQUEST, "InvalidObjectName", "The specified object name is not valid."),
    10039: lambda: S3Error(
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "InvalidRange", "The requested range is not satisfiable"
    ),
}


def of_store(code: int, message: str) -> S3Error:
    """The S3 error of one of R2's own codes, as the runtime's objects raise it."""
    return _OF_STORE[code]() if code in _OF_STORE else invalid_argument(message)
