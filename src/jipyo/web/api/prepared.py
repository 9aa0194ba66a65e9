"""Documents that are the same for all readers of a language, built once for all of them."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

import orjson

from jipyo.i18n import LANGS, texts
from jipyo.web.api.operation import PREFIX, format_error
from jipyo.web.http.endpoint import Route
from jipyo.web.http.message import WebResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.i18n import Lang, Texts
    from jipyo.web.api.operation import Operation
    from jipyo.web.http.message import WebRequest


def prepared_route(
    operation: Operation,
    build: Callable[[Texts], object],
    default_lang: Lang,
    find_version: Callable[[], object],
) -> Route:
    """The route that responds with the document as JSON, built anew once its version changes.

    Those who ask while it is built wait for the same result; an error is not remembered.
    """
    documents = {
        lang: PreparedDocument(partial(_dump, build, texts(lang)), find_version) for lang in LANGS
    }

    def respond(request: WebRequest) -> WebResponse:
        return WebResponse(documents[request.language(default_lang)].get())

    path, format_ = PREFIX + operation.path, partial(format_error, default_lang)
    return Route(path, respond, format_, is_shared=True)


def _dump(build: Callable[[Texts], object], t: Texts) -> bytes:
    return orjson.dumps(build(t))


class PreparedDocument:
    """The bytes of a document, until its version changes."""

    def __init__(self, build: Callable[[], bytes], find_version: Callable[[], object]) -> None:
        """Nothing is built before somebody asks."""
        self._build, self._find_version = build, find_version
        self._lock = threading.Lock()
        self._entry: tuple[object, bytes] | None = None

    def get(self) -> bytes:
        """The document, built anew where its version is another; an error is raised, not kept."""
        with self._lock:
            version = self._find_version()
            if self._entry is None or self._entry[0] != version:
                self._entry = version, self._build()
            return self._entry[1]
