"""Log queries as people write them, in the manner of Lucene: text -> query, and back to text."""

from jipyo.logs.language.fields import SHORT_NAMES, resolve_field
from jipyo.logs.language.parser import MAX_CHARACTERS, MAX_DEPTH, parse_condition
from jipyo.logs.language.query import parse_query, write_query
from jipyo.logs.language.simplify import simplify
from jipyo.logs.language.writer import write_condition

__all__ = [
    "MAX_CHARACTERS",
    "MAX_DEPTH",
    "SHORT_NAMES",
    "parse_condition",
    "parse_query",
    "resolve_field",
    "simplify",
    "write_condition",
    "write_query",
]
