"""The number of an incident on the command line."""

from __future__ import annotations

import click


class IncidentNumber(click.ParamType[int]):
    """`12` or `#12`."""

    name = "number"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """The number."""
        text = str(value).removeprefix("#")
        if not (text.isascii() and text.isdigit() and len(text) < 16):
            self.fail(f"{value!r}", param, ctx)
        return int(text)


NUMBER = IncidentNumber()
