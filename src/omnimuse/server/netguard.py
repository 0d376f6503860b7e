"""Requests to addresses that users name, without reaching what only this machine can reach.

The name is resolved here, every address must be public, and the connection is made to the address
that was checked, so a second look-up cannot give another one. Redirects are followed by hand, each
checked anew.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

from omnimuse.errors import InputError, MediaTooLargeError

MAX_REDIRECTS = 4
_TIMEOUT_S = 20.0
_PORTS = (80, 443, 8080, 8443)


class AddressError(InputError):
    """An address that may not be reached from here."""

    code = "address"


def check_url(url: str, trusted: Sequence[str] = ()) -> tuple[str, str, int]:
    """The host, the address to connect to, and the port.

    Args:
        url: http or https.
        trusted: private networks that are allowed, as CIDR.

    Raises:
        AddressError: another scheme, credentials, an odd port, or an address that is not public.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise AddressError("that is no URL") from None
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or len(url) > 2000:
        raise AddressError("an http or https address is wanted")
    if parts.username or parts.password:
        raise AddressError("an address must not hold a name or a password")
    networks = [ipaddress.ip_network(network) for network in trusted]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AddressError(f"the name {host[:80]!r} is unknown") from None
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    for address in addresses:
        if any(address in network for network in networks):
            continue
        if not _is_public(address):
            raise AddressError(
                f"{host[:80]!r} is not a public address", hint="Only public ones are reached."
            )
        if port not in _PORTS:
            raise AddressError(f"port {port} is not reached", hint=f"Ports: {_PORTS}.")
    return host, str(addresses[0]), port


def fetch(url: str, *, max_bytes: int, trusted: Sequence[str] = ()) -> tuple[bytes, str]:
    """The body and the last part of the address's path.

    Raises:
        AddressError: see `check_url`; also for every redirect.
        MediaTooLargeError: more than `max_bytes`.
        InputError: no answer, or not 200.
    """
    for _ in range(MAX_REDIRECTS + 1):
        with _request("GET", url, trusted=trusted) as (response, _):
            if response.is_redirect:
                url = urljoin(url, response.headers.get("location", ""))
                continue
            if response.status_code != 200:
                raise InputError(f"the address answered {response.status_code}")
            data = bytearray()
            for chunk in response.iter_bytes():
                data += chunk
                if len(data) > max_bytes:
                    raise MediaTooLargeError("the file behind the address is too large")
            return bytes(data), urlsplit(url).path.rsplit("/", 1)[-1]
    raise AddressError("too many redirects")


def post(url: str, body: bytes, headers: Mapping[str, str], *, trusted: Sequence[str] = ()) -> int:
    """The status of a POST; redirects are not followed.

    Raises:
        AddressError: see `check_url`.
        InputError: no answer.
    """
    with _request("POST", url, trusted=trusted, body=body, headers=headers) as (response, _):
        return int(response.status_code)


class _request:
    """One request to the address that was checked; a context manager."""

    def __init__(
        self,
        method: str,
        url: str,
        *,
        trusted: Sequence[str],
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._method, self._url, self._trusted = method, url, trusted
        self._body, self._headers = body, dict(headers or {})

    def __enter__(self) -> tuple[Any, Any]:
        import httpx

        host, address, port = check_url(self._url, self._trusted)
        parts = urlsplit(self._url)
        literal = f"[{address}]" if ":" in address else address
        target = parts._replace(netloc=f"{literal}:{port}").geturl()
        is_usual = port == (443 if parts.scheme == "https" else 80)
        shown = host if is_usual else f"{host}:{port}"
        # trust_env: a proxy of the environment would resolve the name again.
        self._client = httpx.Client(timeout=_TIMEOUT_S, follow_redirects=False, trust_env=False)
        request = self._client.build_request(
            self._method,
            target,
            content=self._body or None,
            headers={**self._headers, "Host": shown, "User-Agent": "omnimuse"},
            extensions={"sni_hostname": host},
        )
        try:
            self._response = self._client.send(request, stream=True)
        except httpx.HTTPError as error:
            self._client.close()
            raise InputError(f"no answer from {host}: {type(error).__name__}") from None
        return self._response, self._client

    def __exit__(self, *error: object) -> None:
        self._response.close()
        self._client.close()


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address.teredo is not None:
            inner = address.teredo[1]
        if inner is not None:
            return _is_public(inner)
        if address in ipaddress.ip_network("64:ff9b::/96"):
            return _is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address.is_global and not address.is_multicast
