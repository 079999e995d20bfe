"""The page of the web server: its files, the headers that go with them, and who may connect from it."""

import gzip
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from importlib.resources import files
from urllib.parse import urlsplit

from websockets.datastructures import Headers
from websockets.http11 import Response

FILES = {
    "/": ("backprop_tui.tui.serve.door", "page.html", "text/html"),
    "/page.js": ("backprop_tui.tui.serve.door", "page.js", "text/javascript"),
    "/textual.js": ("textual_serve", "static/js/textual.js", "text/javascript"),
    "/xterm.css": ("textual_serve", "static/css/xterm.css", "text/css"),
    "/mono.ttf": ("textual_serve", "static/fonts/RobotoMono-VariableFont_wght.ttf", "font/ttf"),
}
"""All that there is: path, package, file, type. They are read at the start; no path reaches the disk."""

HEADERS = {
    # xterm.js makes its styles while it runs; scripts, connections and all else are this server's own or none.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; font-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "clipboard-read=(), camera=(), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class PageError(Exception):
    """A file of the page is missing: one line that says which."""


@dataclass(frozen=True)
class File:
    """A file's content, the same compressed, and its type."""

    content: bytes
    zipped: bytes
    kind: str


def read(needs_password: bool) -> dict[str, File]:
    """All files by their paths; the page asks for a password if one is needed. Raises PageError."""
    found = {}
    for path, (package, name, kind) in FILES.items():
        try:
            content = files(package).joinpath(name).read_bytes()
        except (ImportError, OSError):
            raise PageError(f"{package} has no {name}: another version of it is needed") from None
        if path == "/" and not needs_password:
            content = content.replace(b"<body>", b'<body class="open">')
        found[path] = File(content, gzip.compress(content), kind)
    return found


def response(file: File, asked: Headers) -> Response:
    """A file, compressed if the browser takes that."""
    zipped = "gzip" in ",".join(asked.get_all("Accept-Encoding"))
    answer = _response(HTTPStatus.OK, file.zipped if zipped else file.content, file.kind)
    if zipped:
        answer.headers["Content-Encoding"] = "gzip"
    return answer


def refusal(status: HTTPStatus, reason: str) -> Response:
    """A line of text instead."""
    return _response(status, reason.encode() + b"\n", "text/plain")


def _response(status: HTTPStatus, content: bytes, kind: str) -> Response:
    headers = Headers(HEADERS)
    headers["Content-Type"] = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
    headers["Content-Length"] = str(len(content))
    headers["Connection"] = "close"
    return Response(status.value, status.phrase, headers, content)


def is_of_this_page(headers: Headers) -> bool:
    """Whether a browser says that the page which connects came from the very address that it connects to."""
    hosts, origins = headers.get_all("Host"), headers.get_all("Origin")
    if len(hosts) != 1 or len(origins) != 1:
        return False
    with suppress(ValueError):
        origin = urlsplit(origins[0])
        return origin.scheme in ("http", "https") and origin.netloc.lower() == hosts[0].lower()
    return False
