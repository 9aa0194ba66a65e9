"""A running product with logs: its process that stores, and what its store has."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import TYPE_CHECKING

import orjson
import psutil
import urllib3

from jipyo.logs.evaluate import list_texts
from jipyo.logs.store.reader import StoreReader
from support.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from support.product import Product


def read_messages(data: Path) -> Counter[str]:
    """How often each message is in the store of a data folder."""
    reader = StoreReader(data / "logs")
    found: Counter[str] = Counter()
    for block in reader.snapshot().blocks if reader.folder.is_dir() else ():
        batch, _ = reader.read_block(block)
        found.update((text or b"").decode() for text in list_texts(batch, "message"))
    return found


def wait_for_messages(data: Path, texts: set[str], seconds: float = 30) -> Counter[str]:
    """All messages, once these are among them."""
    wait_until(lambda: texts <= read_messages(data).keys(), seconds)
    return read_messages(data)


def find_child(product: Product) -> int | None:
    """The number of the process that stores; None where none runs."""
    for child in psutil.Process(product.process.pid).children():
        with contextlib.suppress(psutil.Error):  # others end meanwhile
            if "jipyo.logs.ingest" in child.cmdline():
                return child.pid
    return None


def push_loki(product: Product, texts: list[str], service: str = "shop") -> int:
    """Send messages as Promtail does; the status."""
    values = [[str(1_795_741_200_000_000_000 + n), text] for n, text in enumerate(texts)]
    body = {"streams": [{"stream": {"service_name": service}, "values": values}]}
    return post(product, "/loki/api/v1/push", orjson.dumps(body), "application/json").status


def post(
    product: Product, path: str, body: bytes, media_type: str, **headers: str
) -> urllib3.BaseHTTPResponse:
    """Send a body once."""
    return urllib3.request(
        "POST",
        product.url + path,
        body=body,
        headers={"content-type": media_type, **headers},
        retries=False,
        timeout=60,
    )
