"""The look of a report: colours and the logo of a site."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Logo:
    """A picture, checked by `parse_logo`."""

    media_type: str
    """`image/png` or `image/svg+xml`."""
    base64: str
    width: float
    height: float
    """As the file has them: only their ratio matters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Colours as `#12345f`, with enough contrast to white; the colours of states are fixed."""

    accent: str = "#12345f"
    """Of headings and rules."""
    line: str = "#17457f"
    """Of the first line of a chart."""
    logo: Logo | None = None


JIPYO_LOOK = Look()
"""What is used where a site wants nothing else."""
