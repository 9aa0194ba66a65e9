"""The exposition formats: pages written and read."""

from jipyo.collect.exposition.read import Finish, Parser
from jipyo.collect.exposition.write import Format, format_value, negotiate, series_text, write

__all__ = ["Finish", "Format", "Parser", "format_value", "negotiate", "series_text", "write"]
