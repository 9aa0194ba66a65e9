"""The exposition formats: pages written and read."""

from jipyo.collect.exposition.write import Format, format_value, negotiate, series_text, write

__all__ = ["Format", "format_value", "negotiate", "series_text", "write"]
