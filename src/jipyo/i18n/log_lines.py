"""Log lines as a person reads them: errors in a language, times in a zone."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING

from jipyo.model.errors import JipyoError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from jipyo.i18n import Texts


class WordErrors(logging.Filter):
    """Puts the words of errors, in the reader's language, into log lines; keeps every record."""

    def __init__(self, t: Texts) -> None:
        """Use the texts of one language."""
        super().__init__()
        self._t = t

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace the errors among the arguments, each by one line."""
        if isinstance(record.args, tuple):
            record.args = tuple(
                join_lines(self._t.error(value)) if isinstance(value, JipyoError) else value
                for value in record.args
            )
        return True


def join_lines(text: str) -> str:
    """The lines of an error as one; the words of another program get the stop they lack."""
    *lines, last = text.split("\n")
    return " ".join([*(f"{line.removesuffix('.')}." for line in lines), last])


class ZonedFormatter(logging.Formatter):
    """Lines that begin with the time in a zone: `2026-11-26T09:00:00+0900 WARNING …`."""

    def __init__(self, zone: ZoneInfo) -> None:
        """Write times in this zone."""
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._zone = zone

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - of logging
        """The time of a record, to the second."""
        moment = datetime.fromtimestamp(record.created, self._zone)
        return moment.strftime(datefmt or "%Y-%m-%dT%H:%M:%S%z")


def word_log(handler: logging.Handler, t: Texts, zone: ZoneInfo) -> None:
    """Write errors in a language and times in a zone from now on."""
    handler.filters = [WordErrors(t)]
    handler.setFormatter(ZonedFormatter(zone))
