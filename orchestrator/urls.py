"""Which endpoint URLs are taken.

The orchestrator calls these URLs itself, so a URL that a parser reads in an unexpected way would be a way to where no
caller should reach. Parsers disagree (WHATWG's and Python's do, on IP spellings, backslashes, tabs,
userinfo), so no parser decides here: a URL is taken only when it is already in canonical form by the plain rules below,
for which every parser gives the same answer. The twin `router/src/routing/urls.ts` has the same rules in the same
order; both run `tests/twins/urls.json`.

Pure: names are not resolved. `orchestrator/dispatch/pinned_transport.py` resolves them and requires global addresses;
a Worker cannot reach private ones.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

import idna

MAX_LENGTH = 2048
PRIVATE_SUFFIXES = ("local", "internal", "localhost")
_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&()*+,;=%]*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PATH = re.compile(r"(/([A-Za-z0-9\-._~:/?@!$&()*+,;=]|%[0-9A-Fa-f]{2})*)?")
_DOT_SEGMENT = re.compile(r"/(\.|%2e){1,2}(?=[/?]|$)", re.IGNORECASE)
_LOOPBACK = re.compile(r"(127\.0\.0\.1|\[::1\]|([a-z0-9-]{1,63}\.)*localhost)(:[1-9][0-9]{0,4})?")
_MAX_HOST = 253
_MAX_PORT = 65535


@dataclass(frozen=True, kw_only=True)
class UrlRefusal:
    """Why a URL is not taken: `code` is stable and the same in both twins, `message` is for people."""

    code: str
    message: str


def check_endpoint(
    url: str,
    *,
    own_hosts: Collection[str] = (),
    allowed_hosts: Collection[str] = (),
    allow_loopback_http: bool = False,
) -> UrlRefusal | None:
    """None when `url` may be an endpoint, else the first rule that it breaks.

    `own_hosts`: the orchestrator's own, with a port where only that one is meant. `allowed_hosts`: when not empty, the
    only hosts that are taken; `*.example.com` stands for every host below example.com. `allow_loopback_http` is for
    the local stack: plain http to 127.0.0.1, [::1] and localhost names, on any port.
    """
    problem = _check_text(url)
    if problem:
        return problem
    scheme, rest = url.split("://", 1)
    authority = re.split(r"[/?]", rest, maxsplit=1)[0]
    loopback = scheme == "http"
    if loopback:
        problem = None if allow_loopback_http and _is_loopback(authority) else _refuse("https-required")
    else:
        problem = _check_authority(authority)
    problem = problem or _check_path(rest[len(authority) :])
    if problem:
        return problem
    host = re.sub(r":[0-9]+$", "", authority)
    if host in own_hosts or authority in own_hosts:
        return _refuse("own-host")
    if allowed_hosts and not any(_allows(pattern, host) for pattern in allowed_hosts):
        return _refuse("host-not-allowed")
    return None


MESSAGES = {  # by code
    "illegal-character": "only ASCII letters, digits and -._~:/?@!$&()*+,;=% may stand in it (percent-encode the rest)",
    "too-long": f"it is longer than {MAX_LENGTH} characters",
    "scheme": "it must begin with https://",
    "fragment": "it must not have a fragment (#)",
    "credentials": "it must not have a user name or password (@); what is forwarded is signed",
    "https-required": "it must use https",
    "no-host": "it has no host",
    "ip-literal": "its host must be a name, not an IP address in any spelling",
    "port": "its port must be 443 (leave it out)",
    "private-suffix": "its host ends in .local, .internal or .localhost, which are private",
    "single-label": "its host must be a full name with a dot in it",
    "invalid-host": "its host is not a valid host name",
    "not-canonical": "write scheme and host in lower case, without a dot at the end, and a path without . and ..",
    "own-host": "it is the orchestrator's own host",
    "host-not-allowed": "its host is not in the list of allowed hosts",
}


def _refuse(code: str) -> UrlRefusal:
    return UrlRefusal(code=code, message=MESSAGES[code])


def _check_text(url: str) -> UrlRefusal | None:
    """What can be said before the URL is taken apart."""
    if not _CHARACTERS.fullmatch(url):
        return _refuse("illegal-character")
    if len(url) > MAX_LENGTH:
        return _refuse("too-long")
    if not re.match(r"https?://", url):
        return _refuse("not-canonical" if re.match(r"https?://", url, re.IGNORECASE) else "scheme")
    if "#" in url:
        return _refuse("fragment")
    if "@" in re.split(r"[/?]", url.split("://", 1)[1], maxsplit=1)[0]:
        return _refuse("credentials")
    return None


def _check_authority(authority: str) -> UrlRefusal | None:
    """Host and port of an https URL."""
    if "[" in authority or "]" in authority:
        return _refuse("ip-literal")
    written, colon, port = authority.partition(":")
    host = written.lower().removesuffix(".")
    if not host:
        return _refuse("no-host")
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):  # then the WHATWG parser reads an IPv4 address, or fails
        return _refuse("ip-literal")
    if labels[-1] in PRIVATE_SUFFIXES:
        return _refuse("private-suffix")
    if len(labels) == 1:
        return _refuse("single-label")
    if len(host) > _MAX_HOST or not all(_LABEL.fullmatch(label) and _is_encoded(label) for label in labels):
        return _refuse("invalid-host")
    if colon and port != "443":
        return _refuse("port")
    if host != written:
        return _refuse("not-canonical")
    return None


def _is_encoded(label: str) -> bool:
    """Whether a label `xn--…` really is an encoded international name, by UTS 46 as URL parsers have it."""
    if not label.startswith("xn--"):
        return True
    encoded = label.removeprefix("xn--")
    try:
        name = encoded.encode().decode("punycode")
        idna.check_initial_combiner(name)
        idna.check_bidi(name)
        joined = all(idna.valid_contextj(name, at) for at, each in enumerate(name) if each in "\u200c\u200d")
        kept = idna.uts46_remap(name, std3_rules=False) == name
        return kept and joined and not name.isascii() and name.encode("punycode").decode() == encoded
    except UnicodeError:
        return False


def _check_path(path: str) -> UrlRefusal | None:
    if path.startswith("?") or _DOT_SEGMENT.search(path.split("?", 1)[0]):
        return _refuse("not-canonical")
    if not _PATH.fullmatch(path):
        return _refuse("illegal-character")  # a `%` without two hex digits, or [ ]
    return None


def _is_loopback(authority: str) -> bool:
    match = _LOOPBACK.fullmatch(authority)
    return match is not None and (match[3] is None or int(match[3][1:]) <= _MAX_PORT)


def _allows(pattern: str, host: str) -> bool:
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern
