"""Which server it is, and what its indices know of the fields that a query names."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from jipyo.logs.elasticsearch.mapping import (
    FieldKind,
    IndexedField,
    Mappings,
    list_paths,
    read_fields,
)
from jipyo.logs.elasticsearch.pages import quote_index
from jipyo.model.errors import LogSourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from jipyo.logs.elasticsearch.exchange import SearchExchange
    from jipyo.logs.elasticsearch.options import ElasticsearchOptions

_KEPT_MS = 60_000.0
"""How long a field's mapping is taken for granted."""
_STRICT = {"allow_no_indices": "false", "ignore_unavailable": "false"}
_PRODUCT = "X-Elastic-Product"
_UNINDEXED = {"dynamic": ("false", False), "enabled": (False, "false")}


@dataclass(frozen=True, slots=True)
class KnownIndices:
    """The server and its fields, as a query needs them."""

    is_opensearch: bool
    mappings: Mappings
    options: ElasticsearchOptions
    """With those fields only that documents may have."""

    @property
    def sort_service(self) -> str:
        """The path that documents can be sorted by service with; empty where there is none."""
        return self.find_single_path(self.options.service_fields)

    def find_single_path(self, names: Sequence[str]) -> str:
        """The path with the whole values of the only one of some fields; empty without it."""
        if len(names) != 1:
            return ""
        field = self.mappings.find(names[0])
        can_group = field.kind in (FieldKind.KEYWORD, FieldKind.TEXT) and field.is_aggregatable
        return field.exact if can_group else ""


@dataclass(slots=True)
class IndexCache:
    """What is known of a server and its indices; looked up anew each minute."""

    _is_opensearch: bool | None = None
    _fields: dict[str, tuple[float, IndexedField]] = field(default_factory=dict)
    _general: tuple[float, bool, bool] = (float("-inf"), False, False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def find(self, exchange: SearchExchange, names: Iterable[str]) -> KnownIndices:
        """The server, the fields of the options, and those with these names.

        Raises:
            LogQueryError: the query was cancelled.
            LogSourceError: the server cannot be asked, or has no such index or time field.
        """
        options = exchange.options
        own = (*options.message_fields, *options.level_fields, *options.service_fields)
        wanted = dict.fromkeys((options.time_field, *own, *names))
        now_ms = exchange.clock.monotonic_ms()
        if self._is_opensearch is None:
            self._is_opensearch = find_product(exchange)
        with self._lock:
            if self._general[0] + _KEPT_MS < now_ms:
                self._general = (now_ms, *_fetch_general(exchange))
            _, has_unindexed, has_own_analyzer = self._general
            missing = [name for name in wanted if not self._is_known(name, now_ms)]
            if missing:
                found = _fetch_fields(exchange, missing, has_own_analyzer=has_own_analyzer)
                self._fields |= {name: (now_ms, each) for name, each in found.items()}
            fields = {name: self._fields[name][1] for name in wanted}
        if fields[options.time_field].kind is FieldKind.UNMAPPED:
            raise LogSourceError(
                "logs_elasticsearch.no_time",
                hint="logs_elasticsearch.no_time.hint",
                source=options.name,
                field=options.time_field,
                index=options.index,
            )
        mappings = Mappings(fields, has_unindexed)
        return KnownIndices(self._is_opensearch, mappings, _keep_present(options, mappings))

    def _is_known(self, name: str, now_ms: float) -> bool:
        """A field that no index had may have come with the last document."""
        known = self._fields.get(name)
        return (
            known is not None
            and known[0] + _KEPT_MS >= now_ms
            and known[1].kind is not FieldKind.UNMAPPED
        )


def find_product(exchange: SearchExchange) -> bool:
    """Whether the server is OpenSearch; none of the ways to find out has to be allowed."""
    response = exchange.send("GET", "")
    if any(name.lower() == _PRODUCT.lower() for name in response.headers):
        return False
    if b'"distribution"' in response.body:
        return b"opensearch" in response.body
    response = exchange.send("GET", "_nodes/_local", None, {"filter_path": "nodes.*.version"})
    # Elasticsearch names itself in every answer since 7.14.
    return not any(name.lower() == _PRODUCT.lower() for name in response.headers)


def _keep_present(options: ElasticsearchOptions, mappings: Mappings) -> ElasticsearchOptions:
    def keep(names: tuple[str, ...]) -> tuple[str, ...]:
        """Those that are indexed; where none is, those that documents may have nevertheless."""
        fields = [each for each in map(mappings.find, names) if each.kind is not FieldKind.OBJECT]
        indexed = tuple(each.name for each in fields if each.kind is not FieldKind.UNMAPPED)
        hidden = tuple(each.name for each in fields) if mappings.has_unindexed else ()
        return indexed or hidden

    return replace(
        options,
        message_fields=keep(options.message_fields),
        level_fields=keep(options.level_fields),
        service_fields=keep(options.service_fields),
    )


def _fetch_fields(
    exchange: SearchExchange, names: Sequence[str], *, has_own_analyzer: bool
) -> dict[str, IndexedField]:
    index = quote_index(exchange.options.index)
    paths = ",".join(list_paths(names))
    capabilities = exchange.call("GET", f"{index}/_field_caps", None, {"fields": paths, **_STRICT})
    details = exchange.call("GET", f"{index}/_mapping/field/{quote_index(paths)}", None, _STRICT)
    with exchange.reading():
        found = capabilities.get("fields", {})
        return read_fields(names, found, details, has_own_analyzer=has_own_analyzer)


def list_indexed(exchange: SearchExchange) -> list[str]:
    """The paths of all fields that are indexed, without sub-fields and those of the server.

    Raises:
        LogQueryError: the query was cancelled.
        LogSourceError: the server cannot be asked, or has no such index.
    """
    index = quote_index(exchange.options.index)
    answer = exchange.call("GET", f"{index}/_field_caps", None, {"fields": "*", **_STRICT})
    with exchange.reading():
        fields = answer.get("fields", {})
        return [
            path
            for path, types in fields.items()
            if not any(about.get("metadata_field") for about in types.values())
            and not path.startswith("_")
            and not types.keys() & {"object", "nested"}
            and path.rpartition(".")[0] not in (fields.keys() - _list_objects(fields))
        ]


def _list_objects(fields: dict[str, dict[str, Any]]) -> set[str]:
    return {path for path, types in fields.items() if types.keys() & {"object", "nested"}}


def _fetch_general(exchange: SearchExchange) -> tuple[bool, bool]:
    """Whether documents may have fields that are not indexed, and a default analyzer is set."""
    index = quote_index(exchange.options.index)
    only = {"filter_path": "**.dynamic,**.enabled", **_STRICT}
    mappings = exchange.call("GET", f"{index}/_mapping", None, only)
    only = {"filter_path": "*.settings.index.analysis.analyzer.default*", **_STRICT}
    settings = exchange.call("GET", f"{index}/_settings", None, only)
    return any(_list_unindexed(mappings)), bool(settings)


def _list_unindexed(mappings: Any) -> Iterator[bool]:
    waiting = [mappings]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from (_is_any_of(value.get(name), values) for name, values in _UNINDEXED.items())
            waiting.extend(value.values())


def _is_any_of(value: Any, values: Sequence[Any]) -> bool:
    return not isinstance(value, dict) and value in values
