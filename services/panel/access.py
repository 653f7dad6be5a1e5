"""Who may call the API: whoever has the token; without one, programs and pages of this machine."""

import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from services.panel.refusals import ApiError, shown

OPEN = ("/docs", "/openapi.json")
"""What a browser must get before it can send a token; it tells nothing about the shop."""
_HERE = frozenset({"127.0.0.1", "localhost", "::1"})


class Access:
    """Lets a request through, or answers 401 or 403."""

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        """Wrap an app; ``token`` None: only this machine can reach the port."""
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse its caller."""
        if scope["type"] == "http":
            try:
                admit(scope["path"], Headers(scope=scope), self._token)
            except ApiError as error:
                asks = {"www-authenticate": "Bearer"} if error.status == 401 else {}
                await error.response(asks | {"connection": "close"})(scope, receive, send)
                return
        await self._app(scope, receive, send)


def admit(path: str, headers: Mapping[str, str], token: str | None) -> None:
    """Raises ApiError unless the caller may call ``path``."""
    if token is None:
        _same_machine(headers)
    elif not (path in OPEN or path.startswith("/docs/")):
        _bearer(headers, token)


def _bearer(headers: Mapping[str, str], token: str) -> None:
    scheme, _, given = headers.get("authorization", "").partition(" ")
    # A header's bytes reach us read as Latin-1; who sends another script sends UTF-8.
    right = hmac.compare_digest(given.strip().encode("latin-1"), token.encode())
    if scheme.lower() != "bearer" or not right:
        got = "another token" if given else "no token"
        asked = "Bearer and the token of APRENDIZ_HTTP_TOKEN"
        raise ApiError(401, "Authorization", expected=asked, got=got)


def _same_machine(headers: Mapping[str, str]) -> None:
    """A page of the web can make this machine's browser call us: its Host or Origin tells."""
    host = _host(f"//{headers.get('host', '')}")
    if host not in _HERE:
        cure = "localhost or 127.0.0.1 (or set APRENDIZ_HTTP_TOKEN and send it)"
        raise ApiError(403, "Host", expected=cure, got=shown(host))
    origin = headers.get("origin")
    if origin is not None and _host(origin) not in _HERE:
        raise ApiError(403, "Origin", expected="a page of this machine", got=shown(origin))


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
