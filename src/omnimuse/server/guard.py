"""Guard: the ASGI layer before every route. Who asks, from where, how much, and what goes with it.

Two modes. `local`: bound to loopback without keys; the machine's user is the owner. A page of
another site in that user's browser is not: the Host must be ours (DNS rebinding), the Origin must
be ours, and a browser's unsafe requests carry a token that only our own page can read. `keys`:
every request outside of the public paths carries a key, or the session cookie of one.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import replace
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from omnimuse.errors import MediaTooLargeError, OmnimuseError
from omnimuse.server.faults import (
    AuthError,
    BusyError,
    ForbiddenError,
    body_of,
    headers_of,
    status_of,
)
from omnimuse.server.holdings import LOCAL
from omnimuse.server.keys import KeyStore, Principal, RateLimiter
from omnimuse.server.options import ServerOptions
from omnimuse.server.telemetry import Telemetry

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

COOKIE = "omnimuse_session"
SESSION_AGE_S = 30 * 86400
GUESSES_PER_MINUTE = 10
_SAFE = ("GET", "HEAD", "OPTIONS")
_PUBLIC = ("/health", "/ready", "/api/me", "/api/login")
_GUARDED = ("/api", "/v1", "/mcp", "/metrics", "/openapi.json")
_UPLOADS = ("/api/assets", "/v1/files", "/v1/images/", "/v1/audio/", "/v1/videos")
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "worker-src 'self' blob:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(self), payment=()",
}


class Guard:
    """Wraps the application.

    Args:
        app: what is guarded.
        keys: who may come in.
        options: hosts, limits.
        telemetry: counts requests.
        secret: signs browser sessions; kept in the home so that they outlive the process.
        needs_keys: mode `keys`.
    """

    def __init__(
        self,
        app: Any,
        *,
        keys: KeyStore,
        options: ServerOptions,
        telemetry: Telemetry,
        secret: bytes,
        needs_keys: bool,
    ) -> None:
        self.app, self._keys, self._options = app, keys, options
        self._telemetry, self._secret = telemetry, secret
        self.needs_keys = needs_keys
        self._limits = RateLimiter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Guard one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, faults, is_told = time.perf_counter(), list[OmnimuseError](), False

        async def send_headed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _with_headers(message.get("headers", []))
                self._note(scope, message["status"], time.perf_counter() - began)
            await send(message)

        async def send_on(message: MutableMapping[str, Any]) -> None:
            nonlocal is_told
            if not faults:
                await send_headed(message)
            elif not is_told:
                # The framework calls every fault of a body a bad request; ours has a name.
                is_told = True
                await _answer(faults[0], scope["path"], send_headed)

        try:
            principal = self._admit(scope)
            scope.setdefault("state", {})["principal"] = principal
            await self.app(scope, self._limited(scope, receive, faults), send_on)
        except OmnimuseError as error:
            await _answer(error, scope["path"], send_headed)

    # Sessions of browsers ----------------------------------------------------------------------

    def session(self, key_id: str) -> str:
        """The value of a session cookie for the holder of a key."""
        body = f"{key_id}.{int(time.time()) + SESSION_AGE_S}.{secrets.token_hex(8)}"
        return f"{body}.{self._sign('session', body)}"

    def csrf(self, cookie: str) -> str:
        """The token that goes with a session cookie."""
        return self._sign("csrf", cookie)

    def cookie_of(self, scope: Scope) -> str:
        """The request's session cookie if it is whole and not too old, else nothing."""
        try:
            morsel = SimpleCookie(_header(scope, "cookie")).get(COOKIE)
        except CookieError:
            return ""
        value = morsel.value if morsel else ""
        body, _, mark = value.rpartition(".")
        if not body or not hmac.compare_digest(mark.encode(), self._sign("session", body).encode()):
            return ""
        until = body.split(".")[1] if body.count(".") == 2 else "0"
        return value if until.isdigit() and int(until) > time.time() else ""

    def login(self, scope: Scope, key: str) -> Principal:
        """Check a key that was typed in.

        Raises:
            AuthError: it is none.
            QuotaError: too many wrong ones came from there.
        """
        return self._by_key(key, _client(scope))

    def _sign(self, what: str, text: str) -> str:
        return hmac.new(self._secret, f"{what}\0{text}".encode(), hashlib.sha256).hexdigest()

    # Admission ---------------------------------------------------------------------------------

    def _admit(self, scope: Scope) -> Principal | None:
        path, method = scope["path"], scope["method"]
        self._check_host(scope)
        self._check_length(scope)
        principal, cookie = self._who(scope)
        if method not in _SAFE:
            self._check_page(scope, cookie, is_by_key=bool(_bearer(scope)))
        if principal is not None and principal.quota.requests_per_minute:
            self._limits.spend(f"owner {principal.owner}", principal.quota.requests_per_minute)
        if principal is None and _is_guarded(path):
            raise AuthError("a key is needed", hint="Send it as `Authorization: Bearer omk_...`.")
        if principal is not None:
            _check_scope(principal, method, path)
        return principal

    def _who(self, scope: Scope) -> tuple[Principal | None, str]:
        cookie = self.cookie_of(scope)
        if key := _bearer(scope):
            if not self.needs_keys and not key.startswith("omk_"):
                return self._local(), cookie  # clients that cannot do without send some word
            return self._by_key(key, _client(scope)), cookie
        if not self.needs_keys:
            return self._local(), cookie
        if cookie:
            return self._keys.by_id(cookie.split(".")[0]), cookie
        return None, ""

    def _local(self) -> Principal:
        return Principal(LOCAL, quota=replace(self._options.quota, requests_per_minute=0))

    def _by_key(self, key: str, client: str) -> Principal:
        name = f"guesses {client}"
        wait = self._limits.is_empty(name, GUESSES_PER_MINUTE)
        if wait:
            self._limits.spend(name, GUESSES_PER_MINUTE)
        principal = self._keys.check(key)
        if principal is None:
            self._limits.spend(name, GUESSES_PER_MINUTE)
            raise AuthError("the key is unknown or revoked", hint="Ask for a new one.")
        return principal

    def _check_host(self, scope: Scope) -> None:
        """DNS rebinding makes a foreign page's name point here; its Host header tells."""
        host = _host_name(_header(scope, "host"))
        if host in self._options.allowed_hosts or _is_loopback(host):
            return
        if self.needs_keys and (host == self._options.host or _is_address(host)):
            return
        raise ForbiddenError(
            f"this server does not answer to the name {host[:80]!r}",
            hint="Use its address, or start it with --allow-host NAME.",
            code="host",
        )

    def _check_page(self, scope: Scope, cookie: str, *, is_by_key: bool) -> None:
        """Unsafe requests of browsers must come from our own page."""
        origin, site = _header(scope, "origin"), _header(scope, "sec-fetch-site")
        if origin and urlsplit(origin).netloc != _header(scope, "host"):
            raise ForbiddenError("this request comes from another site", code="csrf")
        if site not in ("", "same-origin", "none"):
            raise ForbiddenError("this request comes from another site", code="csrf")
        if is_by_key or scope["path"] == "/api/login":
            return
        if origin or site or cookie:
            given = _header(scope, "x-csrf-token")
            if not cookie or not hmac.compare_digest(given.encode(), self.csrf(cookie).encode()):
                raise ForbiddenError(
                    "the page's token is missing or old",
                    hint="GET /api/me gives one; send it as X-CSRF-Token.",
                    code="csrf",
                )

    def _check_length(self, scope: Scope) -> None:
        text = _header(scope, "content-length")
        if text.isdigit() and int(text) > self._body_limit(scope["path"]):
            raise MediaTooLargeError(
                f"a body of {int(text) / 1e6:.1f} MB",
                hint=f"At most {self._body_limit(scope['path']) // 1_000_000} MB here.",
            )

    def _body_limit(self, path: str) -> int:
        is_upload = any(path.startswith(prefix) for prefix in _UPLOADS)
        # Multipart wraps the file in a little more.
        return self._options.max_upload_bytes + 65536 if is_upload else self._options.max_body_bytes

    def _limited(self, scope: Scope, receive: Receive, faults: list[OmnimuseError]) -> Receive:
        """Count the body as it comes: neither too large nor too slow."""
        import asyncio

        limit, got = self._body_limit(scope["path"]), 0
        deadline = time.monotonic() + self._options.upload_timeout_s
        is_whole = False

        async def receive_on() -> MutableMapping[str, Any]:
            nonlocal got, is_whole
            if is_whole:
                return await receive()
            try:
                left = max(0.0, deadline - time.monotonic())
                message = await asyncio.wait_for(receive(), timeout=left)
            except TimeoutError:
                faults.append(BusyError("the body came too slowly", hint="Try again.", code="slow"))
                raise faults[0] from None
            if message["type"] == "http.request":
                got += len(message.get("body", b""))
                is_whole = not message.get("more_body", False)
                if got > limit:
                    hint = f"At most {limit // 1_000_000} MB here."
                    faults.append(MediaTooLargeError("the body is too large", hint=hint))
                    raise faults[0]
            return message

        return receive_on

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "") or "other"
        self._telemetry.request(scope["method"], route, status, seconds)
        principal = scope.get("state", {}).get("principal")
        self._telemetry.log(
            "warning" if status >= 500 else "info",
            "request",
            method=scope["method"],
            path=scope["path"],
            status=status,
            ms=round(seconds * 1000, 1),
            owner=principal.owner if principal else None,
            client=_client(scope),
        )


def _check_scope(principal: Principal, method: str, path: str) -> None:
    needed = "read" if method in _SAFE else "write"
    if path.startswith("/api/keys") or (path.startswith("/api/models") and method not in _SAFE):
        needed = "admin"
    if path in _PUBLIC or not _is_guarded(path) or path == "/api/logout":
        return
    if needed not in principal.scopes:
        raise ForbiddenError(
            f"this key may not {needed}", hint=f"Its scopes: {', '.join(principal.scopes)}."
        )


def _is_guarded(path: str) -> bool:
    if path in _PUBLIC:
        return False
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in _GUARDED)


def _with_headers(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    given = list(headers)
    names = {name.lower() for name, _ in given}
    more = [(k.encode(), v.encode()) for k, v in _HEADERS.items() if k.encode() not in names]
    return given + more


async def _answer(error: OmnimuseError, path: str, send: Send) -> None:
    from omnimuse.server.openai.replies import error_body

    data = error_body(error) if path.startswith("/v1/") else body_of(error)
    body = json.dumps(data).encode()
    headers = {"content-type": "application/json", "content-length": str(len(body))}
    pairs = [(k.lower().encode(), v.encode()) for k, v in {**headers, **headers_of(error)}.items()]
    await send({"type": "http.response.start", "status": status_of(error), "headers": pairs})
    await send({"type": "http.response.body", "body": body})


def _header(scope: Scope, name: str) -> str:
    wanted = name.encode()
    return next((v.decode("latin-1") for k, v in scope["headers"] if k == wanted), "")


def _bearer(scope: Scope) -> str:
    scheme, _, key = _header(scope, "authorization").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _client(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def _host_name(header: str) -> str:
    """The name in a Host header without its port."""
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].lower()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
