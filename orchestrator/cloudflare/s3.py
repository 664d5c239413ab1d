"""R2's S3 API: one bucket's objects, streamed, with multipart uploads.

It keeps what Cloudflare's REST API cannot: custom metadata, and objects over 300 MiB. Its calls do not count against
the REST API's limit. A call that got a 5xx or no answer is tried again after a pause with full jitter: each of these
does no harm when done twice. Touches the network; what is random or waits enters by the constructor.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import httpx

from orchestrator.cloudflare.s3_signature import S3Keys, encoded_path, encoded_query, signed_headers
from orchestrator.errors import CloudflareError
from orchestrator.http_calls import trusted

TRIES = 4
_EMPTY = hashlib.sha256().hexdigest()
_FIRST_PAUSE_S = 0.5
PASSING = {0, 408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524}
"""The statuses after which a call may be sent again; 0 is no answer."""

Content = Callable[[], Iterable[bytes]]
"""Gives the bytes of an upload, from their beginning each time that it is called."""


class S3:
    """One bucket. Close it. Threads may share it. Methods raise CloudflareError (status 0: no answer)."""

    def __init__(
        self,
        *,
        endpoint: str,
        bucket: str,
        keys: S3Keys,
        transport: httpx.BaseTransport | None = None,
        timeout: float = 60,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        **_others: Any,
    ) -> None:
        """`endpoint`: `https://<account id>.r2.cloudflarestorage.com`; the rest as ApiClient takes it."""
        self._url = httpx.URL(endpoint)
        self._bucket = bucket
        self._keys = keys
        self._sleep = sleep
        self._chance = chance
        self._now = now
        self._client = httpx.Client(transport=transport, verify=trusted(), timeout=timeout)

    def close(self) -> None:
        self._client.close()

    def check(self) -> None:
        """Raise CloudflareError where the bucket cannot be read with these keys."""
        self._call("GET", "", {"list-type": "2", "max-keys": "0"})

    def read(self, key: str, etag: str) -> Iterator[bytes]:
        """The bytes of an object as they are stored, if it still has `etag`. Not tried again: the caller has some."""
        response = self._send("GET", key, {}, {"if-match": f'"{etag}"'}, {}, _EMPTY, None, stream=True)
        try:
            if not response.is_success:
                response.read()
                raise self._refusal("GET", key, response)
            yield from response.iter_raw()
        except httpx.TransportError as error:
            raise self._no_answer("GET", key, error) from error
        finally:
            response.close()

    def etag(self, key: str) -> str | None:
        """The ETag of an object, None where there is none."""
        try:
            return self._call("HEAD", key).headers["etag"].strip('"')
        except CloudflareError as error:
            if error.status == httpx.codes.NOT_FOUND:
                return None
            raise

    def put(
        self,
        key: str,
        content: Content,
        size: int,
        sha256: str,
        headers: Mapping[str, str] | None = None,
        amz: Mapping[str, str] | None = None,
    ) -> str:
        """Write an object that is not there yet; its ETag. One that is there stays: CloudflareError with status 412."""
        about = {**(headers or {}), "content-length": str(size), "if-none-match": "*"}
        return self._call("PUT", key, {}, about, amz, sha256, content).headers["etag"].strip('"')

    def delete(self, key: str) -> None:
        """One that is not there is no error."""
        self._call("DELETE", key)

    def create_upload(self, key: str, headers: Mapping[str, str], amz: Mapping[str, str]) -> str:
        """Begin a multipart upload; its id."""
        answer = self._call("POST", key, {"uploads": ""}, headers, amz)
        return _text(answer, "UploadId")

    def put_part(self, key: str, upload: str, number: int, content: Content, size: int, sha256: str) -> str:
        """Write one part, from number 1; its ETag."""
        query = {"partNumber": str(number), "uploadId": upload}
        answer = self._call("PUT", key, query, {"content-length": str(size)}, {}, sha256, content)
        return answer.headers["etag"]

    def complete_upload(self, key: str, upload: str, etags: Sequence[str], expected: str) -> str:
        """Make an object of the parts; its ETag. `expected`: the ETag that tells, after an answer that did not come,
        that it was done."""
        listed = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{escape(etag)}</ETag></Part>"
            for number, etag in enumerate(etags, 1)
        )
        body = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
        sha256, size = hashlib.sha256(body).hexdigest(), {"content-length": str(len(body))}
        for tries_left in reversed(range(TRIES)):
            try:
                answer = self._once("POST", key, {"uploadId": upload}, size, {}, sha256, lambda: [body])
                return _text(answer, "ETag").strip('"')
            except CloudflareError as error:
                if self.etag(key) == expected:
                    return expected
                if not tries_left or error.status not in PASSING:
                    raise
                self.pause(tries_left)
        raise AssertionError("the last try returns or raises")

    def abort_upload(self, key: str, upload: str) -> None:
        """Forget the parts; an upload that has ended is no error."""
        try:
            self._call("DELETE", key, {"uploadId": upload})
        except CloudflareError as error:
            if error.status != httpx.codes.NOT_FOUND:
                raise

    def pause(self, tries_left: int) -> None:
        """Wait before another try."""
        self._sleep(_FIRST_PAUSE_S * 2 ** (TRIES - 1 - tries_left) * self._chance())

    def _call(self, method: str, key: str, *parts: Any) -> httpx.Response:
        for tries_left in reversed(range(TRIES)):
            try:
                return self._once(method, key, *parts)
            except CloudflareError as error:
                if not tries_left or error.status not in PASSING:
                    raise
                self.pause(tries_left)
        raise AssertionError("the last try returns or raises")

    def _once(
        self,
        method: str,
        key: str,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        amz: Mapping[str, str] | None = None,
        sha256: str = _EMPTY,
        content: Content | None = None,
    ) -> httpx.Response:
        response = self._send(method, key, query or {}, headers or {}, amz or {}, sha256, content)
        # An error can come with status 200 where the answer had begun before the work was done.
        if not response.is_success or b"<Error>" in response.content[:200]:
            raise self._refusal(method, key, response)
        return response

    def _send(
        self,
        method: str,
        key: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        amz: Mapping[str, str],
        sha256: str,
        content: Content | None,
        *,
        stream: bool = False,
    ) -> httpx.Response:
        base = self._url.raw_path.decode("ascii").rstrip("/")
        path = f"{base}/{encoded_path(self._bucket)}{'/' if key else ''}{encoded_path(key)}"
        encoded = encoded_query(query)
        host = self._url.netloc.decode("ascii")
        signed = signed_headers(self._keys, method, host, path, encoded, amz, sha256, self._now())
        sent = {"accept-encoding": "identity", **headers, **signed}
        request = self._client.build_request(
            method,
            self._url,
            headers=[(name.encode(), value.encode()) for name, value in sent.items()],
            content=None if content is None else content(),
            # The path goes out as it is: a client that tidies `..` away would ask for another object.
            extensions={"target": f"{path}{'?' if encoded else ''}{encoded}".encode("ascii")},
        )
        try:
            return self._client.send(request, stream=stream)
        except httpx.TransportError as error:
            raise self._no_answer(method, key, error) from error

    def _no_answer(self, method: str, key: str, error: Exception) -> CloudflareError:
        reason = error if str(error) else type(error).__name__
        return CloudflareError(
            f"{method} {self._bucket}/{key}: no answer from {self._url.host}: {reason}", "check the network, then again"
        )

    def _refusal(self, method: str, key: str, response: httpx.Response) -> CloudflareError:
        words = response.text[:200]
        try:
            tree = ElementTree.fromstring(response.content)  # noqa: S314  from R2, over TLS
            words = f"{tree.findtext('Message')} [{tree.findtext('Code')}]"
        except ElementTree.ParseError:
            pass
        hint = (
            "the R2 token may not do that: docs/guide/data.md, says which permission it needs"
            if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)
            else ""
        )
        what = f"{method} {self._bucket}{'/' if key else ''}{key}"
        return CloudflareError(f"{what}: HTTP {response.status_code}: {words}", hint, status=response.status_code)


def _text(answer: httpx.Response, name: str) -> str:
    tree = ElementTree.fromstring(answer.content)  # noqa: S314  from R2, over TLS
    for element in tree.iter():
        if element.tag.rpartition("}")[2] == name and element.text:
            return element.text
    raise CloudflareError(f"R2's answer has no {name}")
