"""The examples of `docs/receivers.md` work on the real product as they are written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.product import up
from support.services import binary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.product import Product

ROOT = Path(__file__).parents[2]
FILES = ["receivers.md", "receivers.ko.md"]


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("examples")
    config = folder / "jipyo.yaml"
    config.write_text("collect: {interval: 1s, host: false, process: false, gpu: false}\n")
    with up(folder / "data", "--config", str(config)) as running:
        yield running


def commands(file: str) -> list[str]:
    """The shell examples that talk to jipyo."""
    text = (ROOT / "docs" / file).read_text("utf-8")
    return [one for one in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) if "curl " in one]


def until_there(product: Product, query: str) -> list[dict[str, Any]]:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        result: list[dict[str, Any]] = product.get("/api/v1/query", query=query)["data"]["result"]
        if result:
            return result
        time.sleep(0.1)
    raise AssertionError(f"{query} never had data")


@pytest.mark.parametrize("file", FILES)
def test_what_curl_sends_is_kept(product: Product, file: str) -> None:
    binary("curl")
    examples = commands(file)
    assert len(examples) >= 3
    for command in examples:
        here = command.replace("127.0.0.1:9797", f"127.0.0.1:{product.port}")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", here], check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    (backup,) = until_there(product, "backup_bytes")
    assert backup["value"][1] == "123456"
    assert until_there(product, "jipyo_model_accuracy_ratio")
    assert until_there(product, 'jipyo_predictions_correct_total{model="llama-8b"}')


def test_the_example_in_python_tells_the_accuracy_of_a_model(product: Product) -> None:
    example = ROOT / "examples" / "push_accuracy.py"
    command = [sys.executable, str(example), "llama-8b", "held-out", "94", "100"]
    environment = {**os.environ, "JIPYO": f"127.0.0.1:{product.port}"}
    subprocess.run(command, check=True, env=environment, timeout=30)
    query = '100 * min by (model, dataset) (jipyo_model_accuracy_ratio{dataset="held-out"})'
    (found,) = until_there(product, query)
    assert float(found["value"][1]) == pytest.approx(94)
    assert len([line for line in example.read_text().splitlines() if line]) <= 10
