"""A made-up month of an AI service on one server with four GPUs, written as real samples.

Nothing of it was measured anywhere. A month for benches and for looking at reports:

    python -c 'from pathlib import Path; from zoneinfo import ZoneInfo
    from jipyo.demo import write_month; from jipyo.model.calendar import parse_month
    write_month(Path("/tmp/demo-month"), parse_month("2026-10", ZoneInfo("Asia/Seoul")))'
"""

from __future__ import annotations

from jipyo.demo.write import WrittenMonth, write_month

__all__ = ["WrittenMonth", "write_month"]
