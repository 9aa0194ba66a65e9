"""Answers PromQL: the embedded engine or a server reached by URL, behind one protocol."""

from jipyo.source.base import Source
from jipyo.source.dialect import Dialect, translate_promql
from jipyo.source.embedded import Embedded

__all__ = ["Dialect", "Embedded", "Source", "translate_promql"]
