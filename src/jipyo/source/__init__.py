"""Answers PromQL: the embedded engine or a server reached by URL, behind one protocol."""

from jipyo.source.base import Source
from jipyo.source.embedded import Embedded

__all__ = ["Embedded", "Source"]
