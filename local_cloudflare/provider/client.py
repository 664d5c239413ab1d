"""HTTP to the Cloudflare API, as the official provider's SDK does it.

Retries, waits and the wording of errors are the SDK's, so that a fault shows here the way it would there. One client
serves all threads. Proxies from the environment are ignored and redirects are not followed: nothing may lead away from
the loopback address that `settings` has checked.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Mapping
from typing import Any

import httpx

from local_cloudflare.provider.errors import ApiError, ProviderError
from local_cloudflare.provider.settings import Settings
from local_cloudflare.provider.values import Properties, from_api

_RETRIES = 2
_FIRST_WAIT, _LONGEST_WAIT, _LONGEST_ASKED_WAIT = 0.5, 8.0, 60.0  # seconds
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
_RETRIED_STATUS = frozenset({408, 409, 429})  # and every 5xx
_NO_BODY: Any = object()


class Client:
    """Calls to the API of `settings`; `cancelled`, once set, ends every wait and refuses further calls."""

    def __init__(self, settings: Settings, cancelled: threading.Event) -> None:
        self._base_url = settings.base_url
        self._cancelled = cancelled
        self._http = httpx.Client(
            headers={"authorization": f"Bearer {settings.token}"},
            timeout=_TIMEOUT,
            limits=httpx.Limits(max_connections=None),
            trust_env=False,
        )

    def close(self) -> None:
        self._http.close()

    def call(self, method: str, path: str, body: Any = _NO_BODY, headers: Mapping[str, str] | None = None) -> Any:
        """Send `body` as JSON, where there is one, and return `result` of the answer as it came. Raises ApiError."""
        if body is _NO_BODY:
            return self.result(self.send(method, path, headers=headers))
        content = json.dumps(body, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
        headers = {"content-type": "application/json", **(headers or {})}
        return self.result(self.send(method, path, content, headers))

    def properties(
        self, method: str, path: str, body: Any = _NO_BODY, headers: Mapping[str, str] | None = None
    ) -> Properties:
        """As `call`, for a result that is an object: with Pulumi's names."""
        return dict(from_api(self.call(method, path, body, headers) or {}))

    def result(self, response: httpx.Response) -> Any:
        """`result` in the envelope of an answer."""
        try:
            return response.json().get("result")
        except (ValueError, AttributeError) as error:
            where = f'{response.request.method} "{response.request.url}"'
            raise ProviderError(f"failed to deserialize http request: {where}: {error}") from error

    def send(
        self, method: str, path: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Send a request, up to two more times when that may help. Raises ApiError for a status from 400 on."""
        url = self._base_url + path
        for attempt in range(_RETRIES + 1):
            if self._cancelled.is_set():
                raise ProviderError(f'{method} "{url}": cancelled')
            try:
                response = self._http.request(method, url, content=content, headers=headers)
            except httpx.TransportError as error:
                failure: ProviderError = ProviderError(f'failed to make http request: {method} "{url}": {error}')
                wait = _wait(attempt, None)
            else:
                if response.is_success:
                    return response
                failure = ApiError(_refusal(response), response.status_code)
                if not _may_retry(response):
                    raise failure
                wait = _wait(attempt, response)
            if attempt < _RETRIES:
                self._cancelled.wait(wait)
        raise failure


def _refusal(response: httpx.Response) -> str:
    request = response.request
    status = f"{response.status_code} {response.reason_phrase}"
    return f'failed to make http request: {request.method} "{request.url}": {status} {response.text}'


def _may_retry(response: httpx.Response) -> bool:
    asked = response.headers.get("x-should-retry")
    if asked in ("true", "false"):
        return bool(asked == "true")
    return response.status_code in _RETRIED_STATUS or response.status_code >= 500


def _wait(attempt: int, response: httpx.Response | None) -> float:
    """Seconds until the next try: what the API asks for, otherwise growing, with some jitter."""
    if response is not None:
        try:
            asked = float(response.headers.get("retry-after", ""))
        except ValueError:
            asked = 0.0
        if 0 < asked <= _LONGEST_ASKED_WAIT:
            return asked
    jitter = 1 - 0.25 * random.random()  # noqa: S311 (not a secret)
    return min(_FIRST_WAIT * float(2**attempt), _LONGEST_WAIT) * jitter
