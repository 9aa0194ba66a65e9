"""The built page: files of one folder, with the headers that let browsers keep them."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING

from jipyo.i18n import LANGS, texts
from jipyo.model.errors import QueryError, QueryErrorKind
from jipyo.web.http.endpoint import Reply

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    from jipyo.web.http.params import Form
    from jipyo.web.services import Services

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
_ASK_AGAIN = "no-cache"


def page(services: Services, form: Form, gone: threading.Event) -> Reply:
    """One file of the page; its address is the path below the folder."""
    del gone
    asked = form.path["path"]
    file = _inside(services.static, asked or "index.html")
    if file is None:
        if not asked and not (services.static / "index.html").is_file():
            return _not_built()
        raise QueryError(QueryErrorKind.NOT_FOUND, f"/{asked} is not served here")
    stat = file.stat()
    etag = _etag(file, stat.st_mtime_ns)
    forever = file.relative_to(services.static.resolve()).parts[0] == _HASHED
    headers = {"etag": etag, "cache-control": _FOREVER if forever else _ASK_AGAIN}
    kind = _TYPES.get(file.suffix, "application/octet-stream")
    if etag in form.headers.get("if-none-match", ""):
        return Reply(b"", 304, kind, headers)
    return Reply(file.read_bytes(), 200, kind, headers)


def _inside(folder: Path, asked: str) -> Path | None:
    """The file of this name, if it is one and truly lies in the folder."""
    if "\0" in asked:
        return None
    file = (folder / asked).resolve()
    return file if file.is_relative_to(folder.resolve()) and file.is_file() else None


@lru_cache(maxsize=512)
def _etag(file: Path, changed_ns: int) -> str:
    """Weak, because the bytes sent may be compressed."""
    del changed_ns
    return f'W/"{hashlib.sha256(file.read_bytes()).hexdigest()[:20]}"'


def _not_built() -> Reply:
    said = "".join(
        f'<section lang="{lang}"><h1>{escape(texts(lang)("web.page_missing"))}</h1>'
        f"<p>{escape(texts(lang)('web.page_missing.how'))}</p></section>"
        for lang in LANGS
    )
    html = (
        '<!doctype html><html lang="ko"><head><meta charset="utf-8"><title>jipyo</title></head>'
        f'<body>{said}<p><a href="api/jipyo/overview">/api/jipyo/overview</a> · '
        '<a href="metrics">/metrics</a></p></body></html>'
    )
    headers = {"cache-control": "no-store"}
    return Reply(html.encode(), 503, "text/html; charset=utf-8", headers)
