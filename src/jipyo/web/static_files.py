"""The dashboard's files, and its start page at every address that the dashboard routes itself.

Addresses in the built page are relative, so that any reverse proxy may put a prefix before
them. Below a nested route they would resolve against that route; therefore the page is sent
with a `<base>` that leads from the requested path back to the root.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from html import escape
from typing import TYPE_CHECKING

from jipyo.i18n import LANGS, texts
from jipyo.model.errors import QueryError, QueryErrorKind
from jipyo.web.http.endpoint import ANY_PATH, Route, is_for_machines
from jipyo.web.http.message import WebRequest, WebResponse
from jipyo.web.http.revalidate import REVALIDATE, revalidate
from jipyo.web.prometheus.route import format_error

if TYPE_CHECKING:
    from pathlib import Path

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/vnd.microsoft.icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
# Files below assets/ carry a hash of their content in their name, so they never change.
_HASHED = "assets"
_FOREVER = "public, max-age=31536000, immutable"
_INDEX = "index.html"
_BASE = b'<base href="./"'


def routes(folder: Path) -> list[Route]:
    """The route of everything that no other route answers; `folder` has the built dashboard."""
    return [Route(ANY_PATH, partial(serve_path, folder), format_error, is_shared=True)]


def serve_path(folder: Path, request: WebRequest) -> WebResponse:
    """The file at this path, or the start page where the dashboard has a route of its own.

    Raises:
        QueryError: neither is there.
    """
    path = request.path_params["path"]
    file = find_file(folder, path)
    if file is not None and path != _INDEX:
        media_type = _TYPES.get(file.suffix, "application/octet-stream")
        caching = _FOREVER if path.startswith(f"{_HASHED}/") else REVALIDATE
        return _respond(request, file.read_bytes(), media_type, caching)
    if file is None and not is_page_route(path):
        raise QueryError(QueryErrorKind.NOT_FOUND, f"/{path} is not served here")
    try:
        html = (folder / _INDEX).read_bytes()
    except FileNotFoundError:
        html = set_base(_build_placeholder(), request.raw_path)
        return WebResponse(html, 503, _TYPES[".html"], {"cache-control": "no-store"})
    return _respond(request, set_base(html, request.raw_path), _TYPES[".html"], REVALIDATE)


def serve_start_page(folder: Path, request: WebRequest) -> WebResponse:
    """The start page, whatever was asked for."""
    return serve_path(folder, replace(request, path_params={"path": ""}))


def is_page_route(path: str) -> bool:
    """Whether a path without a file is a view of the dashboard.

    Neither is an address below those of our APIs, nor one that looks like a file: a browser
    that asks for the script of an older version must see an error, and no HTML.
    """
    is_file = path.partition("/")[0] == _HASHED or path[path.rfind(".") :] in _TYPES
    return not is_file and not is_for_machines(path) and "\0" not in path


def find_file(folder: Path, path: str) -> Path | None:
    """The file at a path below the folder; None where it is none, or leads out of the folder."""
    if "\0" in path or not path:
        return None
    try:
        file = (folder / path).resolve()
        is_inside = file.is_relative_to(folder.resolve()) and file.is_file()
    except OSError:  # a name longer than file systems allow
        return None
    return file if is_inside else None


def set_base(html: bytes, raw_path: bytes) -> bytes:
    """The page with its `<base>` leading from the path, as the browser sees it, to the root.

    >>> set_base(b'<base href="./">', b"/metrics/x")
    b'<base href="../">'
    """
    depth = raw_path.count(b"/") - 1
    return html.replace(_BASE, b'<base href="%b"' % (b"../" * depth or b"./"), 1)


def _respond(request: WebRequest, body: bytes, media_type: str, caching: str) -> WebResponse:
    return revalidate(WebResponse(body, media_type=media_type), request, caching)


def _build_placeholder() -> bytes:
    """The page that says that the dashboard was not built."""
    sections = "".join(
        f'<section lang="{lang}"><h1>{escape(texts(lang)("web.page_missing"))}</h1>'
        f"<p>{escape(texts(lang)('web.page_missing.how'))}</p></section>"
        for lang in LANGS
    )
    return (
        '<!doctype html><html lang="ko"><head><meta charset="utf-8"><base href="./">'
        f"<title>jipyo</title></head><body>{sections}"
        '<p><a href="api/jipyo/overview">/api/jipyo/overview</a> · '
        '<a href="metrics">/metrics</a></p></body></html>'
    ).encode()
