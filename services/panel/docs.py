"""The API's documentation as a page, out of files that are here: it asks no other host."""

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from swagger_ui_bundle import swagger_ui_path

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Aprendiz: HTTP API</title>
<link rel="icon" href="/docs/files/favicon-32x32.png">
<link rel="stylesheet" href="/docs/files/swagger-ui.css">
</head>
<body>
<div id="api"></div>
<script src="/docs/files/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
# Without `validatorUrl: null` the page would show its badge from another host.
_START = """SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#api", deepLinking: true, validatorUrl: null
});
"""
_HERE_ONLY = {
    "content-security-policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
    )
}


OPENAPI = "3.0.3"
"""The newest version that the packaged Swagger UI renders."""


def add_docs(app: FastAPI) -> None:
    """Serve the page at ``/docs``."""
    app.openapi_version = OPENAPI

    async def page(_: Request) -> Response:
        return HTMLResponse(_PAGE, headers=_HERE_ONLY)

    async def start(_: Request) -> Response:
        return Response(_START, media_type="text/javascript", headers=_HERE_ONLY)

    app.add_route("/docs", page)
    app.add_route("/docs/start.js", start)
    app.mount("/docs/files", StaticFiles(directory=swagger_ui_path))
