"""Other people's pages: any exporter or server that speaks the exposition formats, by URL."""

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
from jipyo.model.errors import CollectError, MalformedBody
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.reading import ReadingNote, TargetReading
from jipyo.wire.exposition import Format, Parser, decode_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.model.family import Family

__all__ = ["ScrapeLimits", "ScrapeOptions", "ScrapeReader"]

_FORMS = {"text/plain": Format.TEXT, "application/openmetrics-text": Format.OPENMETRICS}
_GUESSED = frozenset({"", "application/octet-stream"})
"""Types that say nothing: such a page is read as text, and that is told."""


class ScrapeReader:
    """Reads one target's page; a `Reader` for the loop."""

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
        self._parser = Parser(self._finish)

    def read(self, t_ms: int) -> TargetReading:
        """Fetch and parse the page.

        Raises:
            CollectError: it cannot be had, cannot be understood, or exceeds a limit.
        """
        body = self._fetcher.fetch()
        form, notes = self._form(body)
        try:
            reading = self._parser.parse(decode_text(body.data), form)
        except MalformedBody as error:
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
        """Nothing: others' pages are not shown again on ours."""
        return ()

    def _form(self, body: Body) -> tuple[Format, tuple[ReadingNote, ...]]:
        """How to read the page. Prometheus 3 refuses a page without a type; we say so and read."""
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

    def _finish(self, labels: Labels) -> Labels | None:
        """A series of the page with the target's labels, after relabelling and within limits."""
        merged = dict(labels.pairs)
        for name, value in self._labels.items():
            if name not in merged:
                merged[name] = value
            elif not self._options.honor_labels:
                merged[_exported(name, merged)] = merged[name]
                merged[name] = value
        relabelled = self._relabel(merged) if self._relabel else merged
        if not relabelled or not relabelled.get(METRIC_NAME):
            return None
        final = Labels.of(relabelled)
        self._check(final)
        return final

    def _check(self, labels: Labels) -> None:
        limits = self._options.limits
        if limits.labels and len(labels) > limits.labels:
            raise self._beyond(labels, "labels", len(labels), limits.labels)
        for name, value in labels.pairs:
            if limits.label_name_length and len(name.encode()) > limits.label_name_length:
                size = len(name.encode())
                raise self._beyond(labels, "label_name_length", size, limits.label_name_length)
            if limits.label_value_length and len(value.encode()) > limits.label_value_length:
                size = len(value.encode())
                raise self._beyond(labels, "label_value_length", size, limits.label_value_length)

    def _beyond(self, labels: Labels, what: str, found: int, limit: int) -> CollectError:
        return CollectError(
            "collect.label_limit",
            url=self._url,
            metric=labels.metric,
            what=what,
            found=found,
            limit=limit,
        )


def _exported(name: str, taken: Mapping[str, str]) -> str:
    name = f"exported_{name}"
    while name in taken:
        name = f"exported_{name}"
    return name
