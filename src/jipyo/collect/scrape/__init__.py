"""Scraping: any exporter or server with an exposition, by URL."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.collect.relabel import Relabel
from jipyo.collect.scrape.fetch import Body, Fetcher
from jipyo.collect.scrape.options import (
    PROTOCOLS,
    ScrapeLimits,
    ScrapeOptions,
)
from jipyo.model.errors import BodyError, CollectError
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.reading import ReadingNote, TargetReading
from jipyo.wire.exposition import Format, Parser, decode_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.model.family import Family

__all__ = ["ScrapeLimits", "ScrapeOptions", "ScrapeReader"]

_FORMS = {"text/plain": Format.TEXT, "application/openmetrics-text": Format.OPENMETRICS}
_GUESSED = frozenset({"", "application/octet-stream"})
"""Types that mean nothing: the exposition is read as text, with a note."""


class ScrapeReader:
    """Reads one target by HTTP; a `TargetReader` for the loop."""

    def __init__(self, url: str, labels: Mapping[str, str], options: ScrapeOptions) -> None:
        """Put `labels` (job, instance and the target's own) on every series.

        Raises:
            ConfigError: a relabelling rule cannot be understood.
        """
        self._url = url
        self._labels = dict(labels)
        self._options = options
        self._fetcher = Fetcher(url, options)
        self._relabel = Relabel(options.metric_relabel)
        self._parser = Parser(self._finish_series)

    def read(self, t_ms: int) -> TargetReading:
        """Fetch and parse the exposition.

        Raises:
            CollectError: it cannot be fetched or parsed, or exceeds a limit.
        """
        body = self._fetcher.fetch()
        form, notes = self._choose_format(body)
        try:
            reading = self._parser.parse(decode_text(body.data), form)
        except BodyError as error:
            raise error.as_kind(CollectError) from error
        limit = self._options.limits.samples
        if limit and len(reading.series) > limit:
            raise CollectError(
                "collect.sample_limit", url=self._url, samples=len(reading.series), limit=limit
            )
        if reading.t_ms is not None and not self._options.honor_timestamps:
            reading = replace(reading, t_ms=None)
        return replace(reading, notes=(*notes, *reading.notes)) if notes else reading

    def families(self) -> tuple[Family, ...]:
        """Empty: what was scraped is not shown on our own `/metrics`."""
        return ()

    def _choose_format(self, body: Body) -> tuple[Format, tuple[ReadingNote, ...]]:
        """The format by the Content-Type; Prometheus 3 refuses a missing one, we add a note."""
        kind = body.content_type.partition(";")[0].strip().lower()
        if kind in _FORMS:
            return _FORMS[kind], ()
        fallback = PROTOCOLS.get(self._options.fallback_protocol)
        if fallback is not None:
            return fallback, ()
        if kind in _GUESSED:
            return Format.TEXT, (ReadingNote("collect.no_content_type", (("type", kind),)),)
        raise CollectError(
            "collect.content_type", hint="collect.content_type.hint", url=self._url, type=kind
        )

    def _finish_series(self, labels: Labels) -> Labels | None:
        """A scraped series with the target's labels, after relabelling and within limits."""
        merged = dict(labels.pairs)
        for name, value in self._labels.items():
            if name not in merged:
                merged[name] = value
            elif not self._options.honor_labels:
                exported = f"exported_{name}"
                while exported in merged:
                    exported = f"exported_{exported}"
                merged[exported] = merged[name]
                merged[name] = value
        relabelled = self._relabel(merged) if self._relabel else merged
        if not relabelled or not relabelled.get(METRIC_NAME):
            return None
        final = Labels.of(relabelled)
        self._check_limits(final)
        return final

    def _check_limits(self, labels: Labels) -> None:
        limits = self._options.limits
        if limits.labels and len(labels) > limits.labels:
            raise self._build_limit_error(labels, "labels", len(labels), limits.labels)
        for name, value in labels.pairs:
            if limits.label_name_length and len(name.encode()) > limits.label_name_length:
                size = len(name.encode())
                raise self._build_limit_error(
                    labels, "label_name_length", size, limits.label_name_length
                )
            if limits.label_value_length and len(value.encode()) > limits.label_value_length:
                size = len(value.encode())
                raise self._build_limit_error(
                    labels, "label_value_length", size, limits.label_value_length
                )

    def _build_limit_error(self, labels: Labels, what: str, found: int, limit: int) -> CollectError:
        return CollectError(
            "collect.label_limit",
            url=self._url,
            metric=labels.metric,
            what=what,
            found=found,
            limit=limit,
        )
