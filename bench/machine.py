"""What a bench runs on: date, machine, load and versions, for the line above its figures."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import sqlite3
from pathlib import Path

import numpy as np


def describe_machine() -> str:
    """One line."""
    with Path("/proc/cpuinfo").open() as info:
        model = next((line.split(":")[1].strip() for line in info if "model name" in line), "?")
    return (
        f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC,"
        f" {os.cpu_count()} x {model}, load {os.getloadavg()[0]:.1f},"
        f" Python {platform.python_version()}, SQLite {sqlite3.sqlite_version},"
        f" numpy {np.__version__}, pcodec {importlib.metadata.version('pcodec')}"
    )
