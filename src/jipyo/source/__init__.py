"""Who answers PromQL: the embedded engine or a server reached by URL, one face for both."""

from jipyo.source.embedded import Embedded
from jipyo.source.face import Source

__all__ = ["Embedded", "Source"]
