"""Log queries over the embedded store: the `LogSource` of every installation without a cluster."""

from jipyo.logs.embedded.scan import TemplateMap
from jipyo.logs.embedded.source import EmbeddedLogs

__all__ = ["EmbeddedLogs", "TemplateMap"]
