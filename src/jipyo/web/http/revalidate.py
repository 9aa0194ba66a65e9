"""Responses that a client keeps: it sends their tag again, and gets them only if they changed."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.web.http.message import WebResponse

if TYPE_CHECKING:
    from jipyo.web.http.message import WebRequest

REVALIDATE = "no-cache"


def revalidate(
    response: WebResponse, request: WebRequest, caching: str = REVALIDATE
) -> WebResponse:
    """The same with its tag, or 304 where the client has it; what is no whole 200 stays as is."""
    if response.status != 200 or not isinstance(response.body, bytes):
        return response
    tag = tag_of(response.body)
    headers = {**response.headers, "etag": tag, "cache-control": caching}
    if is_tag_in(request.headers.get("if-none-match", ""), tag):
        return WebResponse(b"", 304, response.media_type, headers)
    return replace(response, headers=headers)


def tag_of(body: bytes) -> str:
    """The ETag of a body; weak, because the bytes sent may be compressed."""
    return f'W/"{hash_of(body)}"'


def hash_of(body: bytes) -> str:
    """What a version of a document is known by."""
    return hashlib.sha256(body).hexdigest()[:20]


def is_tag_in(header: str, tag: str) -> bool:
    """Whether an If-None-Match header names the tag, compared weakly (RFC 9110, 13.1.2)."""
    opaque = tag.removeprefix("W/")
    given = (one.strip().removeprefix("W/") for one in header.split(","))
    return any(one in (opaque, "*") for one in given)
