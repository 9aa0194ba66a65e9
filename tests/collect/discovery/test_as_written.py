"""A label comes out as it is written, or the file is refused; whichever file it is in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.collect.discovery import SCRAPE_TARGET
from jipyo.collect.discovery.scrape_config import SCRAPE_CONFIG, TARGET_GROUPS
from jipyo.model.errors import ConfigError
from jipyo.schema import parse_yaml

PLAIN = st.text(alphabet="0123456789._:+-eExXaobnulyYNtf~TZ= 가", min_size=1, max_size=12)
EXAMPLES = [
    "1.10", "010", "yes", "on", "12:30", "0123456", "2024-02-30", "1e3", "1_000", "0x1F", ".inf",
    "true", "=", "08", "-0", "+1", "1.", "2026-11-26T09:00:00Z",
]  # fmt: skip


def read_labels(text: str) -> list[tuple[tuple[str, str], ...]]:
    """The labels as a target file, a prometheus.yml and a jipyo.yaml give them.

    Raises:
        ConfigError: one of them is refused.
    """
    labels = f"labels: {{a: {text}}}"
    (group,) = TARGET_GROUPS.read(parse_yaml(f"[{{targets: [h], {labels}}}]", "sd.yml"))
    config = f"{{job_name: j, static_configs: [{{targets: [h], {labels}}}]}}"
    (static,) = SCRAPE_CONFIG.read(parse_yaml(config, "prometheus.yml")).static_configs
    (own,) = SCRAPE_TARGET.read(
        parse_yaml(f"{{job: j, url: 'http://h', {labels}}}", "jipyo.yaml")
    ).groups
    return [group.labels, static.labels, own.labels]


@pytest.mark.parametrize("text", EXAMPLES)
def test_a_label_that_looks_like_something_else_stays_as_it_is(text: str) -> None:
    assert read_labels(text) == [(("a", text),)] * 3


@given(PLAIN)
def test_any_plain_label_is_as_written_or_refused(text: str) -> None:
    try:
        labels = read_labels(text)
    except ConfigError:
        return
    assert labels == [(("a", text.strip()),)] * 3
