"""Samples on disk: one SQLite file, a head of rows and days of compressed chunks."""

from jipyo.tsdb.options import Options
from jipyo.tsdb.reader import Reader
from jipyo.tsdb.store import Store

__all__ = ["Options", "Reader", "Store"]
