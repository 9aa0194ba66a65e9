"""Counts of documents that were read, joined with those of the server; no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from jipyo.logs.answer import LogTemplate
from jipyo.logs.elasticsearch.documents import list_values, name_templates, write_value
from jipyo.logs.evaluate.source import MAX_GROUPS
from jipyo.logs.query import TEMPLATE
from jipyo.model.errors import LogQueryError

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from jipyo.logs.elasticsearch.documents import Document
    from jipyo.logs.elasticsearch.groups import FieldGroups
    from jipyo.logs.evaluate import ListTemplates

_NS_PER_MS = 1_000_000


@dataclass(slots=True)
class TemplateRow:
    """The records of one template."""

    services: Counter[str]
    text: str = ""
    first_ns: int = 2**63 - 1
    last_ns: int = -(2**63)

    def add(self, document: Document, text: str) -> None:
        """Count a record; the text of the template is the newest."""
        self.services[document.service] += 1
        self.text = text
        self.first_ns = min(self.first_ns, document.place.t_ns)
        self.last_ns = max(self.last_ns, document.place.t_ns)

    def to_template(self, name: str) -> LogTemplate:
        """As an answer has it."""
        return LogTemplate(
            id=name,
            text=self.text,
            n=self.services.total(),
            by_service=self.services,
            first_ns=self.first_ns,
            last_ns=self.last_ns,
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts by interval and group, from the server and from documents."""

    starts: tuple[int, ...]
    counts: dict[str, NDArray[np.int64]]
    by: str | None
    list_templates: ListTemplates

    def add_answer(self, answer: dict[str, Any], grouping: FieldGroups) -> None:
        """Add what the server has counted."""
        for n in range(len(grouping.paths)):
            values = answer[f"group{n}"].get("values", {"buckets": []})
            if values.get("sum_other_doc_count") or values.get("doc_count_error_upper_bound"):
                raise LogQueryError("logs_query.too_many_groups", field=self.by, limit=MAX_GROUPS)
            for bucket in values["buckets"]:
                key = bucket.get("key_as_string", bucket["key"])
                self._add_buckets(grouping.name_group(key), bucket)
        self._add_buckets(grouping.absent_group, answer["absent"])

    def add_documents(self, documents: Sequence[Document]) -> None:
        """Add records that were read."""
        groups = list_groups(documents, self.by, self.list_templates)
        for document, names in zip(documents, groups, strict=True):
            for name in names:
                self.counts[name][self._find(document.place.t_ns)] += 1

    def _add_buckets(self, name: str, answer: dict[str, Any]) -> None:
        for bucket in answer.get("times", {}).get("buckets", ()):
            self.counts[name][self._find(int(bucket["key"]) * _NS_PER_MS)] += bucket["doc_count"]

    def _find(self, t_ns: int) -> int:
        """The interval of a moment."""
        return max(int(np.searchsorted(self.starts, t_ns, "right")) - 1, 0)


def list_groups(
    documents: Sequence[Document], by: str | None, list_templates: ListTemplates
) -> list[tuple[str, ...]]:
    """The groups that each document is in."""
    if by is None:
        return [("",)] * len(documents)
    return [values or ("",) for values in list_terms(documents, by, list_templates)]


def list_terms(
    documents: Sequence[Document], field: str, list_templates: ListTemplates
) -> list[tuple[str, ...]]:
    """The different values that each document has."""
    if field == TEMPLATE:
        return [(name,) for name, _ in name_templates(documents, list_templates)]
    return [
        tuple(dict.fromkeys(map(write_value, list_values(document, field))))
        for document in documents
    ]
