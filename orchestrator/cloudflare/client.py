"""One way to call Cloudflare's REST API: paced, counted, tried again where that is safe, refused in plain words.

A read that got a 5xx, or no answer, is tried again after a pause with full jitter, a few times. A write is not, unless
the caller knows that doing it twice does no harm: without an answer it may have happened. A 429 has changed nothing, so
it is waited out for every method, and for every thread, since the limit is the token's.

Touches the network. The transport, the clock, the sleep and the randomness enter by the constructor.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from orchestrator.call_log import log_answer, log_failure
from orchestrator.cloudflare.error_codes import ErrorCode, hint_of
from orchestrator.cloudflare.permissions import TOKENS_PAGE, permission_for
from orchestrator.cloudflare.rate_limit import SHARE_OF_OTHERS, RateLimiter
from orchestrator.errors import CloudflareError, SettingsError
from orchestrator.http_calls import bearer, failure_words, trusted

TRIES = 4
_PASSING = {500, 502, 503, 504, 520, 521, 522, 523, 524}  # from 520 on: Cloudflare's own edge
_TOO_MANY = 429
_FIRST_PAUSE_S = 0.5
_PAUSE_WITHOUT_RETRY_AFTER_S = 30.0
_LONGEST_PAUSE_S = 330.0  # a little more than the five minutes for which a token that called too often is refused
_SAFE = {"GET", "HEAD"}


def _say_nothing(_line: str) -> None:
    pass


class ApiClient:
    """Calls with one token. Close it. Threads may share it."""

    def __init__(
        self,
        *,
        token: str,
        token_name: str = "CLOUDFLARE_API_TOKEN",  # noqa: S107 - a name
        base_url: str,
        transport: httpx.BaseTransport | None = None,
        timeout: float = 30,
        report: Callable[[str], None] = _say_nothing,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
        others: float = SHARE_OF_OTHERS,
    ) -> None:
        """`token_name`: as people know the token. `timeout`: seconds to wait for each answer; `report` gets a line for
        each wait; `chance`: in [0, 1); `others`: the share of the calls that Cloudflare takes which is left to others.
        """
        self.report = report
        self._sleep = sleep
        self._chance = chance
        self._rate_limiter = RateLimiter(clock=clock, sleep=sleep, report=lambda line: self.report(line), others=others)
        try:
            httpx.URL(base_url)
        except httpx.InvalidURL as error:
            raise SettingsError("CLOUDFLARE_BASE_URL is not a URL", "unset it, or give the API's address") from error
        self._client = httpx.Client(
            base_url=base_url,
            headers=bearer(token, name=token_name),
            transport=transport,
            verify=trusted(),
            timeout=timeout,
            event_hooks={"response": [log_answer]},
        )

    @property
    def calls(self) -> int:
        """How many calls were made, every try counted."""
        return self._rate_limiter.count

    @property
    def host(self) -> str:
        return self._client.base_url.host

    def close(self) -> None:
        self._client.close()

    def request(
        self, method: str, path: str, *, repeatable: bool | None = None, waits: bool = True, **options: Any
    ) -> httpx.Response:
        """The answer to one call, whatever its status; `options` as httpx takes them (`params`, `json`, `content`, …).

        `repeatable`: whether doing it twice does no harm; of itself only a read. `waits`: whether a 429 is waited out:
        not where it says something else than too many calls. Raises CloudflareError with status 0 where there is no
        answer.
        """
        again = repeatable if repeatable is not None else method in _SAFE
        for tries_left in reversed(range(TRIES)):
            self._rate_limiter.take()
            try:
                response = self._client.request(method, path, **options)
            except httpx.TransportError as error:
                log_failure(error.request, error)
                if not (again and tries_left):
                    raise CloudflareError(
                        f"{method} {path}: no answer from {self.host}: {failure_words(error)}",
                        "check the network, and CLOUDFLARE_BASE_URL if it is set"
                        if again
                        else "it may have been carried out: check before you retry",
                    ) from error
                self._back_off(tries_left)
                continue
            self._rate_limiter.answered(response.headers)
            if response.status_code == _TOO_MANY and tries_left and waits:
                self._wait_as_told(response.headers)
            elif response.status_code in _PASSING and again and tries_left:
                self._back_off(tries_left)
            else:
                return response
        raise AssertionError("the last try returns or raises")

    def download(self, path: str, **options: Any) -> Iterator[bytes]:
        """The bytes of a GET as they are sent. Not tried again: some of them may have been taken already."""
        self._rate_limiter.take()
        try:
            with self._client.stream("GET", path, **options) as response:
                self._rate_limiter.answered(response.headers)
                if not response.is_success:
                    response.read()
                    envelope("GET", path, response)
                yield from response.iter_raw()
        except httpx.TransportError as error:
            raise CloudflareError(f"GET {path}: the answer was cut off: {failure_words(error)}") from error

    def _back_off(self, tries_left: int) -> None:
        longest = _FIRST_PAUSE_S * 2 ** (TRIES - 1 - tries_left)
        self._sleep(longest * self._chance())

    def _wait_as_told(self, headers: Mapping[str, str]) -> None:
        seconds = retry_after(headers.get("retry-after"), time.time())
        pause = min(_PAUSE_WITHOUT_RETRY_AFTER_S if seconds is None else seconds, _LONGEST_PAUSE_S)
        if self._rate_limiter.pause(pause):
            self.report(f"Cloudflare asks for a pause (too many calls); continuing in {pause:.0f} s")


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds that a Retry-After header asks for, as seconds or as a date; None where it says nothing usable."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except ValueError:
        return None


def envelope(method: str, path: str, response: httpx.Response) -> dict[str, Any]:
    """Cloudflare's answer of a success. Raises CloudflareError, with the API's code and words, for anything else."""
    called = f"{method} {path}"
    try:
        answer: dict[str, Any] = response.json()
        errors = answer["errors"]
    except (ValueError, TypeError, KeyError):
        raise CloudflareError(
            f"{called}: HTTP {response.status_code} without Cloudflare's envelope",
            _hint(response.status_code, 0, path),
            status=response.status_code,
        ) from None
    if answer.get("success"):
        return answer
    code = errors[0]["code"] if errors else 0
    words = "; ".join(f"{error['message']} [code: {error['code']}]" for error in errors)
    raise CloudflareError(
        f"{called}: HTTP {response.status_code}: {words}",
        _hint(response.status_code, code, path),
        status=response.status_code,
        api_code=code,
    )


def _hint(status: int, code: int, path: str) -> str:
    if code == ErrorCode.NOT_PERMITTED and (permission := permission_for(path)):
        return f"the API token lacks the account permission {permission.name}: add it ({TOKENS_PAGE})"
    if hint := hint_of(code):
        return hint
    if status == _TOO_MANY:
        return "the token made too many calls: try again in five minutes"
    return "Cloudflare failed, and the retries failed too: try again later" if status in _PASSING else ""
