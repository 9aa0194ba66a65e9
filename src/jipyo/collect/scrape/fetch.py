"""Fetches the exposition of one target: the HTTP client with Prometheus' headers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.model.errors import CollectError, NetError
from jipyo.net.http import HttpClient, HttpOptions, status_text

if TYPE_CHECKING:
    from jipyo.collect.scrape.options import ScrapeOptions

ACCEPT = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
_OK = 200
_STATUS_HINTS = {
    401: "collect.http_unauthorized.hint",
    403: "collect.http_unauthorized.hint",
    404: "collect.http_not_found.hint",
}
_HINTS = {
    "net.unreachable": "collect.unreachable.hint",
    "net.timeout": "collect.timeout.hint",
    "net.tls": "collect.tls.hint",
    "net.too_large": "collect.too_large.hint",
}


@dataclass(frozen=True, slots=True)
class Body:
    """An exposition as it came, decompressed."""

    data: bytes
    content_type: str


class Fetcher:
    """Fetches from one URL and keeps the connection."""

    def __init__(self, url: str, options: ScrapeOptions) -> None:
        """Nothing is connected before the first `fetch`."""
        self._url = url
        timeout_s = options.timeout_ms / 1000
        self._client = HttpClient(
            HttpOptions(
                timeout_s=timeout_s,
                body_limit=options.limits.body_bytes,
                follow_redirects=options.follow_redirects,
                compressed=options.compressed,
                headers=(
                    ("Accept", ACCEPT),
                    ("X-Prometheus-Scrape-Timeout-Seconds", f"{timeout_s:g}"),
                    *((name, value.reveal()) for name, value in options.headers),
                ),
                credentials=options.credentials,
                tls=options.tls,
            )
        )

    def fetch(self) -> Body:
        """The exposition as it is now.

        Raises:
            CollectError: it could not be fetched whole; the key says why.
        """
        try:
            with self._client.stream("GET", self._url) as response:
                if response.status != _OK:
                    raise CollectError(
                        "net.http_status",
                        hint=_STATUS_HINTS.get(response.status, ""),
                        url=response.url,
                        status=response.status,
                        reason=status_text(response.status, response.reason),
                    )
                return Body(response.read(), response.headers.get("Content-Type", ""))
        except NetError as error:
            raise error.as_kind(CollectError, _HINTS.get(error.key, "")) from error
