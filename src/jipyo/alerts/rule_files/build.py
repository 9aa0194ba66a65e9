"""What rule files contain -> rules that are evaluated."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from jipyo.alerts.rule import ExpressionRule, RecordingRule, build_rule_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.alerts.options import AlertsOptions
    from jipyo.alerts.rule_files.values import FileRule, RuleGroup

FileRules = tuple[ExpressionRule | RecordingRule, ...]


def build_rules(groups: Sequence[RuleGroup], options: AlertsOptions) -> FileRules:
    """The rules of all groups in their order, without those that the site switched off.

    A rule keeps its id while its file, group and name stay, so that a change of its expression or
    duration does not end its alerts. Rules of one name in a group are numbered.
    """
    rules = (
        _build_rule(group, rule, rule_id, options)
        for group in groups
        for rule, rule_id in _name_rules(group)
    )
    return tuple(rule for rule in rules if options.rule(rule.id).enabled)


def _name_rules(group: RuleGroup) -> Iterator[tuple[FileRule, str]]:
    counts: dict[str, int] = {}
    for rule in group.rules:
        number = counts[rule.name] = counts.get(rule.name, 0) + 1
        again = f"#{number}" if number > 1 else ""
        yield rule, build_rule_id(PurePath(group.file).name, group.name, rule.name + again)


def _build_rule(
    group: RuleGroup, rule: FileRule, rule_id: str, options: AlertsOptions
) -> ExpressionRule | RecordingRule:
    interval_ms = group.interval_ms or options.interval_ms
    if rule.record:
        return RecordingRule(
            id=rule_id,
            record=rule.record,
            expression=rule.expr,
            interval_ms=interval_ms,
            labels=rule.labels,
            offset_ms=group.query_offset_ms,
            limit=group.limit,
        )
    return ExpressionRule(
        id=rule_id,
        name=rule.alert,
        expression=rule.expr,
        interval_ms=interval_ms,
        for_ms=rule.for_ms,
        keep_firing_ms=rule.keep_firing_for_ms,
        labels=rule.labels,
        annotations=rule.annotations,
        offset_ms=group.query_offset_ms,
        limit=group.limit,
        external_url=options.external_url,
    )
