"""Everything that `app` hands in: the web room opens nothing and asks no clock of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from jipyo.promql.syntax.features import DEFAULT, Features
from jipyo.web.http.metrics import RequestMetrics

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from starlette.routing import BaseRoute

    from jipyo.catalogue import Catalogue
    from jipyo.collect.target import TargetStatus
    from jipyo.i18n import Lang
    from jipyo.model.errors import JipyoError
    from jipyo.model.family import Family
    from jipyo.model.store import Queryable
    from jipyo.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a site may decide about serving."""

    allowed_hosts: tuple[str, ...] = ()
    """Names, beside those of this machine's loopback, by which browsers may call us."""
    max_body_bytes: int = 16 << 20
    """A larger request is refused."""
    overview_ms: int = 15_000
    """For how long one computed state answers everybody who asks: a scrape interval, so that
    nobody works out again what the same samples said."""
    queries: int = 20
    """Questions answered at the same time; further ones wait."""


@dataclass(frozen=True, slots=True)
class HeadStats:
    """What `status/tsdb` says about the samples kept."""

    series: int = 0
    chunks: int = 0
    min_ms: int = 0
    max_ms: int = 0


def _none() -> tuple[()]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The rooms below, as values and callables; callables may be called from any thread."""

    source: Source
    ask: Callable[[threading.Event], Source]
    """The same source, giving up its questions once the event is set."""
    queryable: Queryable
    catalogue: Catalogue
    zone: ZoneInfo
    lang: Lang
    """For who does not say `?lang=`."""
    instance: str
    version: str
    started_ms: int
    now_ms: Callable[[], int]

    targets: Callable[[], Sequence[TargetStatus]] = _none
    collected: Callable[[], Iterable[Family]] = _none
    """What the collectors last saw, under the exporters' names."""
    own: Callable[[], Iterable[Family]] = _none
    """What the other rooms count about themselves (`jipyo_*`)."""
    meter: RequestMetrics = field(default_factory=RequestMetrics)
    """What this room counts about itself; its families may also stand in `collected`."""
    storage: Callable[[], JipyoError | None] = lambda: None
    """Why samples cannot be kept at the moment; None where they can."""
    ready: Callable[[], bool] = lambda: True
    """Whether the first scrape has been stored."""
    head: Callable[[], HeadStats] = HeadStats
    config_text: Callable[[], str] = str
    """The configuration in force, as YAML, without secrets."""
    flags: Mapping[str, str] = field(default_factory=dict)
    """The command's options, as `status/flags` shows them."""
    features: Features = DEFAULT
    lookback_ms: int = 300_000

    static: Path = Path(__file__).parent / "static"
    """The built page."""
    routes: Sequence[BaseRoute] = ()
    """What other rooms serve (receivers of pushed samples), asked before our own routes."""
    loopback: bool = True
    """Whether we listen on loopback only: then the Host header must name it."""
    options: Options = field(default_factory=Options)
