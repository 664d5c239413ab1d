"""The S3 API as one ASGI application: who asks, which call it is, errors in S3's XML."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from local_cloudflare.api.auth import R2_READ, R2_WRITE, Tokens
from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.errors import ApiError
from local_cloudflare.api.r2.models import JURISDICTIONS
from local_cloudflare.api.s3 import buckets, errors, objects, signature, uploads, xml
from local_cloudflare.api.s3.payload import Payload
from local_cloudflare.api.s3.request import S3Call
from local_cloudflare.api.wire import S3_PREFIX as PREFIX
from local_cloudflare.runtime.errors import DataError

Handler = Callable[[S3Call], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True)
class S3Route:
    """`at`: what the path names (account, bucket, object). `marks`: parameters or headers that make it this call."""

    name: str
    method: str
    at: str
    handler: Handler
    marks: tuple[str, ...] = ()

    @property
    def permission(self) -> str:
        return R2_READ if self.method in ("GET", "HEAD") else R2_WRITE


_ROWS: tuple[tuple[str, str, str, Handler, tuple[str, ...]], ...] = (
    ("ListBuckets", "GET", "account", buckets.list_buckets, ()),
    ("GetBucketLocation", "GET", "bucket", buckets.bucket_location, ("location",)),
    ("ListMultipartUploads", "GET", "bucket", uploads.list_uploads, ("uploads",)),
    ("ListObjectsV2", "GET", "bucket", buckets.list_objects_v2, ("list-type",)),
    ("ListObjects", "GET", "bucket", buckets.list_objects, ()),
    ("HeadBucket", "HEAD", "bucket", buckets.head_bucket, ()),
    ("CreateBucket", "PUT", "bucket", buckets.create_bucket, ()),
    ("DeleteBucket", "DELETE", "bucket", buckets.delete_bucket, ()),
    ("DeleteObjects", "POST", "bucket", buckets.delete_objects, ("delete",)),
    ("ListParts", "GET", "object", uploads.list_parts, ("uploadId",)),
    ("GetObject", "GET", "object", objects.get_object, ()),
    ("HeadObject", "HEAD", "object", objects.head_object, ()),
    ("UploadPart", "PUT", "object", uploads.upload_part, ("partNumber", "uploadId")),
    ("CopyObject", "PUT", "object", objects.copy_object, ("x-amz-copy-source",)),
    ("PutObject", "PUT", "object", objects.put_object, ()),
    ("AbortMultipartUpload", "DELETE", "object", uploads.abort_upload, ("uploadId",)),
    ("DeleteObject", "DELETE", "object", objects.delete_object, ()),
    ("CreateMultipartUpload", "POST", "object", uploads.create_upload, ("uploads",)),
    ("CompleteMultipartUpload", "POST", "object", uploads.complete_upload, ("uploadId",)),
)
ROUTES = tuple(
    S3Route(name=name, method=method, at=at, handler=handler, marks=marks) for name, method, at, handler, marks in _ROWS
)
"""The calls that are answered; the first that fits. docs/local-cloudflare.md lists them."""

_PARAMETERS = {
    "prefix", "delimiter", "max-keys", "continuation-token", "start-after", "encoding-type", "fetch-owner", "marker",
    "max-parts", "part-number-marker", "max-uploads", "key-marker", "upload-id-marker", "x-id", "max-buckets",
    "response-content-type", "response-content-language", "response-expires", "response-cache-control",
    "response-content-disposition", "response-content-encoding",
}  # fmt: skip
_HEADERS = {
    "x-amz-date", "x-amz-content-sha256", "x-amz-acl", "x-amz-storage-class", "x-amz-copy-source", "x-amz-trailer",
    "x-amz-copy-source-range", "x-amz-metadata-directive", "x-amz-decoded-content-length", "x-amz-user-agent",
    "x-amz-sdk-checksum-algorithm", "x-amz-copy-source-if-match", "x-amz-copy-source-if-none-match",
    "x-amz-copy-source-if-modified-since", "x-amz-copy-source-if-unmodified-since",
}  # fmt: skip
_ANY_END = ("x-amz-meta-", "x-amz-checksum-")


class S3:
    """Give each request below PREFIX to its handler, and every other one to `app`."""

    def __init__(self, app: ASGIApp, cloud: Cloud, tokens: Tokens) -> None:
        self._app = app
        self._cloud = cloud
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if not path.startswith(f"{PREFIX}/"):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            route, call = self._call(request)
            response = await route.handler(call)
        except errors.S3Error as error:
            response = xml.error(error)
        except ApiError as error:
            response = xml.error(errors.of_rest(error.status, error.code, error.message))
        except DataError as error:
            response = xml.error(errors.of_store(error.code, str(error)))
        if request.method == "HEAD" and response.status_code >= 400:
            response = Response(status_code=response.status_code)
        response.headers["x-amz-request-id"] = "0" * 16
        await response(scope, receive, send)

    def _call(self, request: Request) -> tuple[S3Route, S3Call]:
        """The call and who may make it. The signature is looked at before anything else."""
        raw_path: str = request.scope["path"]  # as it was sent: see wire.RawPath
        query = signature.query_pairs(request.scope["query_string"])
        claim = signature.read(request.method, raw_path, query, request.headers.raw, datetime.now(UTC))
        found = self._tokens.signer(claim.access_key)
        if found is None:
            raise errors.unauthorized()
        token, secret = found
        claim.check(secret)
        if token.status != "active":
            raise errors.unauthorized()
        account, _, rest = raw_path.removeprefix(f"{PREFIX}/").partition("/")
        account_id, _, jurisdiction = account.partition(".")
        if account_id != self._cloud.account_id or (jurisdiction or "default") not in JURISDICTIONS:
            raise errors.access_denied()
        bucket, _, key = rest.partition("/")
        headers = dict(request.headers)
        parameters = {name: value for name, value in query if not name.startswith("X-Amz-")}
        route = _route(request.method, unquote(bucket), unquote(key), parameters, headers)
        if not token.may(route.permission):
            raise errors.access_denied()
        return route, S3Call(
            cloud=self._cloud,
            method=request.method,
            jurisdiction=jurisdiction or "default",
            bucket_name=unquote(bucket),
            key=_decoded(key),
            query=parameters,
            headers=headers,
            payload=Payload(request.stream().__aiter__(), headers, claim, claim.key(secret)),
        )


def _decoded(key: str) -> str:
    try:
        return unquote(key, errors="strict")
    except UnicodeDecodeError as error:
        raise errors.S3Error(400, "InvalidObjectName", "The specified object name is not valid.") from error


def _route(method: str, bucket: str, key: str, parameters: Mapping[str, str], headers: Mapping[str, str]) -> S3Route:
    at = "object" if key else "bucket" if bucket else "account"
    marks = {*parameters, *headers}
    fitting = [each for each in ROUTES if each.at == at and each.method == method and set(each.marks) <= marks]
    if not fitting:
        raise errors.method_not_allowed() if not parameters else errors.not_implemented(_first(parameters))
    route = fitting[0]
    for name in parameters:
        if name not in _PARAMETERS and name not in route.marks:
            raise errors.not_implemented(name)
    for name, value in headers.items():
        if name.startswith("x-amz-") and name not in _HEADERS and not name.startswith(_ANY_END):
            raise errors.not_implemented(f"Header '{name}' with value '{value}'")
    return route


def _first(parameters: Mapping[str, str]) -> str:
    return next(iter(parameters))
