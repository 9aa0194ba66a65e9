"""`/api/jipyo/configuration`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jipyo.model.setting import Setting
from jipyo.web.api import configuration
from jipyo.web.api.configuration import write_value
from support.web import SERVER, config_state, serving


def test_each_value_has_its_origin() -> None:
    settings = (
        Setting("timezone", "Asia/Seoul", "file", "jipyo.yaml:1"),
        Setting("insecure", False, "default", ""),
    )
    server = replace(SERVER, settings=settings, flags={"config.file": "jipyo.yaml"})
    with serving(*configuration.routes(server, config_state)) as client:
        document = client.get("/api/jipyo/configuration").json
    assert document["file"] == "jipyo.yaml"
    assert document["state"]["current"] is True
    assert document["settings"] == [
        {"key": "timezone", "value": "Asia/Seoul", "origin": "file", "place": "jipyo.yaml:1"},
        {"key": "insecure", "value": "false", "origin": "default", "place": ""},
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "null"), (True, "true"), (0.5, "0.5"), ("a b", "a b"), ([], "[]"), ({}, "{}")],
)
def test_values_are_written_as_yaml_has_them(value: object, text: str) -> None:
    assert write_value(value) == text
