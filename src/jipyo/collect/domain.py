"""When a domain's registration ends, under domain_exporter's names: by RDAP, or as written down.

RDAP is the registries' own service (RFC 9082, RFC 9083). A site without internet writes the
date into its configuration.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from jipyo.collect.target import Target, own_target
from jipyo.model.errors import CollectError, NetError
from jipyo.model.family import gauge
from jipyo.model.secret import redact_url
from jipyo.net.http import HttpClient, HttpOptions

if TYPE_CHECKING:
    from datetime import date

    from jipyo.model.family import Family

RDAP_URL = "https://rdap.org/domain/"
"""A service that redirects to the registry of each domain."""
_DAY_MS = 86_400_000
_FRESH_MS = 12 * 3_600_000
_RETRY_MS = 600_000
_BODY_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainOptions:
    """One domain."""

    domain: str
    expires: date | None = None
    """When its registration ends (at the beginning of that day, UTC); then nobody is asked."""
    rdap_url: str = RDAP_URL
    """The domain is appended to it."""
    job: str = "domain"
    interval_ms: int = 60_000
    timeout_s: float = 10.0


class Domain:
    """One domain; the registry is asked twice a day, and after a failure every ten minutes."""

    def __init__(self, options: DomainOptions) -> None:
        """Nothing is connected before the first `collect`."""
        self._options = options
        self._client = HttpClient(HttpOptions(timeout_s=options.timeout_s, body_limit=_BODY_LIMIT))
        self._expiry_ms = None if options.expires is None else _begin_of_day_ms(options.expires)
        self._next_ms = 0
        self._failure: CollectError | None = None

    def collect(self, t_ms: int) -> list[Family]:
        """The days until the registration ends; negative where it has ended.

        Raises:
            CollectError: the registry could not be asked, and never could be.
        """
        if self._options.expires is None and t_ms >= self._next_ms:
            self._refresh(t_ms)
        if self._expiry_ms is None:
            assert self._failure is not None, "BUG: neither an answer nor a failure"
            raise self._failure
        days = (self._expiry_ms - t_ms) / _DAY_MS
        names, domain = ("domain",), (self._options.domain,)
        text = "Days until the registration of the domain ends."
        success_help = "Whether the registry answered when it was last asked."
        return [
            gauge("domain_expiry_days", text, names, [(domain, days)]),
            gauge(
                "domain_probe_success",
                success_help,
                names,
                [(domain, float(self._failure is None))],
            ),
        ]

    def _refresh(self, t_ms: int) -> None:
        """Ask the registry; the last known date stays in use until another one arrives."""
        try:
            self._expiry_ms = self._ask()
        except CollectError as error:
            self._failure, self._next_ms = error, t_ms + _RETRY_MS
        else:
            self._failure, self._next_ms = None, t_ms + _FRESH_MS

    def _ask(self) -> int:
        domain = _to_ascii(self._options.domain)
        url = f"{self._options.rdap_url.rstrip('/')}/{quote(domain)}"
        try:
            response = self._client.request(
                "GET", url, headers={"Accept": "application/rdap+json, application/json"}
            )
        except NetError as error:
            raise error.as_kind(CollectError) from error
        if response.status != 200:
            raise CollectError(
                "domain.status",
                url=response.url,
                status=response.status,
                hint="domain.status.hint",
            )
        expiry_ms = parse_expiry_ms(response.body)
        if expiry_ms is None:
            raise CollectError("domain.no_date", url=response.url, hint="domain.status.hint")
        return expiry_ms


def parse_expiry_ms(body: bytes) -> int | None:
    """The end of the registration in an RDAP answer; None where it has none."""
    with contextlib.suppress(ValueError, RecursionError, OverflowError):
        answer = json.loads(body)
        events = answer.get("events") if isinstance(answer, dict) else None
        for event in events if isinstance(events, list) else ():
            if isinstance(event, dict) and event.get("eventAction") == "expiration":
                moment = datetime.fromisoformat(str(event.get("eventDate")))
                known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
                return round(known.timestamp() * 1000)
    return None


def domain_target(options: DomainOptions) -> Target:
    """The domain as a target of the loop, its own instance."""
    target = own_target(
        [Domain(options)],
        job=options.job,
        instance=options.domain,
        interval_ms=options.interval_ms,
    )
    address = "" if options.expires else redact_url(options.rdap_url)
    return Target(target.labels, target.reader, target.interval_ms, address)


def _begin_of_day_ms(day: date) -> int:
    return round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def _to_ascii(domain: str) -> str:
    """The domain as registries write it; one that has no such form is asked for as it is."""
    with contextlib.suppress(UnicodeError):
        return domain.encode("idna").decode("ascii")
    return domain
