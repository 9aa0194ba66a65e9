"""Who answers PromQL: the embedded engine or a server reached by URL, one face for both."""

from jipyo.source.base import Source
from jipyo.source.embedded import Embedded

__all__ = ["Embedded", "Source"]
