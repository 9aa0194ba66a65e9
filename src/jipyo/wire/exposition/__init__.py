"""The exposition formats: text 0.0.4 and 1.0.0, OpenMetrics 1.0.0."""

from jipyo.wire.exposition.read import Finish, Parser, decode_text
from jipyo.wire.exposition.write import Format, choose_format, format_series, format_value, write

__all__ = [
    "Finish",
    "Format",
    "Parser",
    "choose_format",
    "decode_text",
    "format_series",
    "format_value",
    "write",
]
