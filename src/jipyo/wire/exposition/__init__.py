"""The exposition formats: text 0.0.4 and 1.0.0, OpenMetrics 1.0.0."""

from jipyo.wire.exposition.escape import Escaping, choose_escaping, escape_families
from jipyo.wire.exposition.read import Finish, Parser, decode_text
from jipyo.wire.exposition.write import Format, choose_format, format_series, format_value, write

__all__ = [
    "Escaping",
    "Finish",
    "Format",
    "Parser",
    "choose_escaping",
    "choose_format",
    "decode_text",
    "escape_families",
    "format_series",
    "format_value",
    "write",
]
