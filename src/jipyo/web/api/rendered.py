"""Documents that are rendered when they are asked for, to show or to save."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from jipyo.model.errors import QueryError
from jipyo.reports.render import FORMATS, name_file
from jipyo.web.api.operation import PREFIX, format_error
from jipyo.web.http.endpoint import Route
from jipyo.web.http.message import WebResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.i18n import Lang
    from jipyo.reports.document import Report
    from jipyo.web.http.message import WebRequest

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:; "
    "frame-ancestors 'self'; sandbox"
)
"""A report runs nothing and fetches nothing, and so it stays when it is shown in a frame."""


def file_route(path: str, build: Callable[[WebRequest, Lang], Report], lang: Lang) -> Route:
    """The route that responds with a document in the `format` that is asked for.

    With `inline=1` the browser shows it, otherwise it is saved.
    """

    def respond(request: WebRequest) -> WebResponse:
        chosen = request.language(lang)
        name = request.first("format") or "html"
        if name not in FORMATS:
            raise QueryError.bad_data(f'invalid parameter "format": {name}, not of {list(FORMATS)}')
        kind = FORMATS[name]
        report = build(request, chosen)
        place = "inline" if request.first("inline") == "1" else "attachment"
        headers = {
            "content-disposition": f'{place}; filename="{name_file(report, chosen, kind)}"',
            "content-security-policy": POLICY,
        }
        return WebResponse(kind.render(report, chosen), 200, kind.media_type, headers)

    return Route(PREFIX + path, respond, partial(format_error, lang))
