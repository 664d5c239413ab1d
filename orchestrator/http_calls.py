"""What every caller of an HTTP API here needs: a token that may stand in a header, and a failure in plain words.

A token is checked before anything is called with it, and told by what is wrong with it, never by its value: a library
that refuses it would print it whole. For the same reason no text of a library's exception is shown.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
from functools import cache

import httpx

from orchestrator.errors import SettingsError

NAME_NOT_KNOWN = "its name is not known"
_TOKEN = re.compile(r"[\x21-\x7e]+")  # what a header may have (RFC 9110, section 5.5), without the space


class AddressRefusedError(httpx.ConnectError):
    """A connection that our own rules refuse; its text is ours."""


@cache
def trusted() -> ssl.SSLContext:
    """Whom TLS trusts, as `verify` of httpx: read once a process, since every client would read it again (25 ms)."""
    return httpx.create_ssl_context()


def bearer(token: str, *, name: str) -> dict[str, str]:
    """The header that presents `token`, which people know as `name`. Raises SettingsError where no token looks so."""
    if not _TOKEN.fullmatch(token):
        raise SettingsError(f"{name} {_wrong_with(token)}", "set it again, exactly as it was given out")
    return {"authorization": f"Bearer {token}"}


def failure_words(error: httpx.HTTPError) -> str:
    """Why there was no answer: what happened, in words of ours."""
    match error:
        case AddressRefusedError():
            return str(error)
        case httpx.TimeoutException():
            return "it took too long"
        case httpx.ConnectError():
            return _no_connection(error)
        case httpx.UnsupportedProtocol():
            return "its address does not begin with https://"
        case httpx.TooManyRedirects():
            return "it redirects without end"
        case httpx.NetworkError() | httpx.RemoteProtocolError():
            return "the connection was lost"
        case httpx.HTTPStatusError():
            return f"the answer was HTTP {error.response.status_code}"
        case httpx.ProxyError():
            return "the proxy did not connect"
    return f"the call failed ({type(error).__name__})"


def _wrong_with(token: str) -> str:
    if not token.strip():
        return "is empty"
    if token != token.rstrip():
        return "has a space or line break at its end"
    if token != token.lstrip():
        return "has a space or line break at its beginning"
    place = next(place for place, letter in enumerate(token, 1) if not _TOKEN.fullmatch(letter))
    what = "a space or line break" if token[place - 1].isspace() else "a character that no token has"
    return f"has {what} in it, at place {place} of {len(token)}"


def _no_connection(error: BaseException) -> str:
    """By what the system said, which is somewhere below the libraries' own exceptions."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror):
            return NAME_NOT_KNOWN
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "its certificate is not accepted"
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno).lower()
        cause = cause.__cause__ or cause.__context__
    return "no connection"
