"""The exposition formats: pages written and read."""

from jipyo.wire.exposition.read import Finish, Parser
from jipyo.wire.exposition.write import Format, format_value, negotiate, series_text, write

__all__ = ["Finish", "Format", "Parser", "format_value", "negotiate", "series_text", "write"]
