"""The rule files of a site: read at the start, at each reload, and whenever they have changed."""

from __future__ import annotations

import glob
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from jipyo import promql
from jipyo.alerts.rule_files.build import build_rules
from jipyo.alerts.rule_files.read import read_rule_files
from jipyo.app.configuration import read_stamps
from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from jipyo.alerts.options import AlertsOptions
    from jipyo.alerts.rule_files.build import FileRules
    from jipyo.config.load import Config

_LOG = logging.getLogger(__name__)
_WILD = frozenset("*?[")


class RuleFiles:
    """The rules of the files, and whether the files are still as they were read."""

    def __init__(self, config: Config) -> None:
        """Read them.

        Raises:
            ConfigError: with every mistake in them.
        """
        self._options = config.settings.alerts
        self._features = config.settings.query.features
        self._stamps = read_stamps(_list_files(self._options))
        self.rules = self._read()

    def _read(self) -> FileRules:
        if self._options is None:
            return ()
        groups = read_rule_files(
            _list_files(self._options), lambda text: promql.parse(text, self._features)
        )
        return build_rules(groups, self._options)

    def refresh(self) -> bool:
        """Read them again if one has changed, and say whether there are other rules now.

        Where one is wrong, every mistake is logged once, and the rules stay as they are.
        """
        stamps = read_stamps(_list_files(self._options))
        if stamps == self._stamps:
            return False
        self._stamps = stamps
        try:
            rules = self._read()
        except ConfigError as error:
            _LOG.error("the rule files were not read again, the previous rules stay in effect")
            for mistake in error.mistakes:
                _LOG.error("not read: %s", mistake)
            return False
        has_changed = rules != self.rules
        self.rules = rules
        if has_changed:
            _LOG.info("rule files read again: %d rules", len(rules))
        return has_changed


def _list_files(options: AlertsOptions | None) -> list[Path]:
    """The files in the order of their mention; of a pattern those that match, by name."""
    files: dict[Path, None] = {}
    for path in options.rule_files if options else ():
        is_pattern = not _WILD.isdisjoint(str(path))
        found = sorted(map(Path, glob.glob(str(path)))) if is_pattern else [path]  # noqa: PTH207  # a whole path
        files |= dict.fromkeys(found)
    return list(files)
