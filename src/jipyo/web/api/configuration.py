"""`/api/jipyo/configuration`: what is in force, without secrets, each value with its origin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jipyo.web.api.operation import Operation, json_route
from jipyo.web.api.verdict import ConfigurationState, build_configuration

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.i18n import Texts
    from jipyo.model.config_state import ConfigState
    from jipyo.model.setting import Setting
    from jipyo.web.http.endpoint import Route
    from jipyo.web.http.message import WebRequest
    from jipyo.web.server_info import ServerInfo


@dataclass(frozen=True, slots=True)
class SettingInfo:
    """One value in force."""

    key: str
    """Its keys from the top of the file: `collect.scrape[0].url`."""
    value: str
    """As YAML writes it; a secret is `<secret>`, and nothing is `null`."""
    origin: Literal["file", "option", "default"]
    """Whether a file, an option of the command line or nothing sets it."""
    place: str
    """File and line; empty if it is in no file."""


@dataclass(frozen=True, slots=True)
class ConfigurationInForce:
    """Every value in force, in the order of the reference of configuration files."""

    file: str
    """The configuration file; empty if there is none."""
    state: ConfigurationState
    settings: tuple[SettingInfo, ...]


OPERATION = Operation(
    "/configuration", ConfigurationInForce, "The configuration in force, without secrets."
)


def routes(server: ServerInfo, config_state: Callable[[], ConfigState]) -> list[Route]:
    """The route; the state is asked at the time of the request."""

    def build(_request: WebRequest, t: Texts) -> ConfigurationInForce:
        return ConfigurationInForce(
            file=server.flags.get("config.file", ""),
            state=build_configuration(config_state(), t),
            settings=tuple(describe_setting(setting) for setting in server.settings),
        )

    return [json_route(OPERATION, build, server.lang)]


def describe_setting(setting: Setting) -> SettingInfo:
    """A setting with its value as text."""
    return SettingInfo(setting.key, write_value(setting.value), setting.origin, setting.place)


def write_value(value: object) -> str:
    """A scalar, or an empty list or mapping, as YAML writes it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
