"""A transport that knows where it connects: to an address that was checked, not to one resolved again later.

Python has no sandbox around it, as a Worker has. So the name is resolved once, every address of it must be global, and
the connection goes to one of these, with the name kept in the Host header and for TLS. Names below `localhost` are
loopback by RFC 6761, whatever a resolver says; they are taken only where loopback is allowed.

Touches the network: name resolution, and the connections themselves. No proxy is used: it would resolve the name again.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence

import httpx

from orchestrator.http_calls import AddressRefusedError, trusted

LOOPBACK = "127.0.0.1"
_LOOPBACK_HOST = re.compile(r"(.+\.)?localhost|127\.0\.0\.1|::1")
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")  # all that IANA gives out; the rest is reserved or local
_DOCUMENTATION = ipaddress.ip_network("3fff::/20")  # RFC 9637
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# What is sent on a connection that the other side closes just then has perhaps arrived: many close idle ones after 5 s.
_LIMITS = httpx.Limits(keepalive_expiry=2)
Resolver = Callable[[str, int], Sequence[str]]


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine by its name alone."""
    return _LOOPBACK_HOST.fullmatch(host) is not None


def system_resolver(host: str, port: int) -> Sequence[str]:
    """The addresses of `host`, in the system's order of preference. Raises OSError."""
    return list(dict.fromkeys(str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


class PinnedTransport(httpx.BaseTransport):
    """Sends over `inner` to a checked address; raises AddressRefusedError where there is none."""

    def __init__(
        self,
        *,
        allow_loopback: bool = False,
        resolver: Resolver = system_resolver,
        inner: httpx.BaseTransport | None = None,
    ) -> None:
        self._allow_loopback = allow_loopback
        self._resolver = resolver
        self._inner = inner or httpx.HTTPTransport(verify=trusted(), limits=_LIMITS)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Try each address in turn: where no connection came about, nothing was sent."""
        error = httpx.ConnectError(f"{request.url.host} has no address", request=request)
        for address in self._addresses(request):
            try:
                return self._inner.handle_request(_pinned(request, address))
            except httpx.ConnectError as refused:
                error = refused
        raise error

    def close(self) -> None:
        self._inner.close()

    def _addresses(self, request: httpx.Request) -> Sequence[str]:
        host = request.url.host
        if is_loopback(host):
            if not self._allow_loopback:
                raise AddressRefusedError(f"{host} is this machine", request=request)
            return [host if host == "::1" else LOOPBACK]
        try:
            addresses = self._resolver(host, request.url.port or 443)
        except OSError as error:
            raise AddressRefusedError(f"{host} does not resolve", request=request) from error
        if not all(_is_global(address) for address in addresses):
            raise AddressRefusedError(f"{host} has an address that is not public", request=request)
        return addresses


def _is_global(address: str) -> bool:
    """Whether it leads to the public internet. An IPv6 address that carries an IPv4 one leads to that one."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        carried = _carried(parsed)
        if carried is None:
            return parsed in _GLOBAL_UNICAST and parsed not in _DOCUMENTATION and parsed.is_global
        parsed = carried
    return parsed.is_global and not parsed.is_multicast


def _carried(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address in a mapped (RFC 4291), translated by NAT64 (RFC 6052) or 6to4 (RFC 3056) one. The other forms
    (IPv4-compatible, IPv4-translated, NAT64 with a prefix of one's own) are not global unicast at all."""
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def _pinned(request: httpx.Request, address: str) -> httpx.Request:
    return httpx.Request(
        method=request.method,
        url=request.url.copy_with(host=address),
        headers=request.headers,  # Host has the name
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )
