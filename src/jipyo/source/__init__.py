"""Answers PromQL: the embedded engine or a server reached by URL, behind one protocol."""

from jipyo.source.base import Source
from jipyo.source.cardinality import Cardinality
from jipyo.source.dialect import Dialect, to_dialect
from jipyo.source.embedded import Embedded

__all__ = ["Cardinality", "Dialect", "Embedded", "Source", "to_dialect"]
