"""What could not be read, as warnings of the Prometheus API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.i18n import texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.model.errors import JipyoError


def name_missing(missing: Iterable[JipyoError]) -> list[str]:
    """A line for each, in the language of the API's messages."""
    return [texts("en").error(error).replace("\n", " ") for error in missing]
