"""A server for files in memory, which only this computer can reach."""

import functools
import hashlib
import http.server
import mimetypes
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

LOOPBACK = "127.0.0.1"

KINDS = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript"}
KINDS |= {".css": "text/css; charset=utf-8", ".json": "application/json", ".wasm": "application/wasm"}


def server(files: Mapping[str, bytes], port: int) -> http.server.ThreadingHTTPServer:
    """A server of files, each by its name; port 0 is any that is free. Raises OSError where the port is taken."""
    tags = {name: f'"{hashlib.sha256(content).hexdigest()[:32]}"' for name, content in files.items()}
    return http.server.ThreadingHTTPServer((LOOPBACK, port), functools.partial(_Handler, files, tags))


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "autograd", ""

    def __init__(self, files: Mapping[str, bytes], tags: Mapping[str, str], *rest: object) -> None:
        self.files, self.tags = files, tags
        super().__init__(*rest)  # type: ignore[arg-type]  # it answers at once, so all must be there before

    def do_GET(self) -> None:
        """Send a file."""
        self._send(is_whole=True)

    def do_HEAD(self) -> None:
        """Tell of a file what it is."""
        self._send(is_whole=False)

    def _send(self, is_whole: bool) -> None:
        name = unquote(urlsplit(self.path).path).removeprefix("/") or "index.html"
        content = self.files.get(name)
        if content is None:
            self.send_error(404)
            return
        # The browser asks each time whether its copy is still right, so that a newer package is seen at once.
        is_known = self.headers.get("If-None-Match") == self.tags[name]
        self.send_response(304 if is_known else 200)
        suffix = name[name.rfind(".") :]
        self.send_header("Content-Type", KINDS.get(suffix) or mimetypes.guess_type(name)[0] or "text/plain")
        self.send_header("Content-Length", "0" if is_known else str(len(content)))
        self.send_header("ETag", self.tags[name])
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if is_whole and not is_known:
            self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""
