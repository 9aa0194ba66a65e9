"""The data folder of a demonstration: made, made anew, or brought up to now."""

from __future__ import annotations

import contextlib
import json
import shutil
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import TYPE_CHECKING

from jipyo.app.demonstration import MARK
from jipyo.app.import_logs import LogImport, import_logs
from jipyo.app.offline import read_workspace
from jipyo.config.load import load
from jipyo.config.overrides import CliOverrides
from jipyo.demo.day import DAY_MS
from jipyo.demo.history import SetClock, play_history
from jipyo.demo.log_lines import list_days, write_lines
from jipyo.demo.site import write_site
from jipyo.demo.story import plan_story
from jipyo.demo.write import SEED, write_days
from jipyo.files import atomic_write
from jipyo.model.errors import StoreError, StoreFull
from jipyo.model.labels import Labels
from jipyo.model.progress import ignore_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import Any

    from jipyo.config.load import Config
    from jipyo.demo.day import Counters
    from jipyo.demo.story import Story
    from jipyo.i18n import Lang
    from jipyo.model.calendar import Period
    from jipyo.model.progress import Progress

    ShowStep = Callable[[str], AbstractContextManager[Progress]]

_DAYS_BEFORE = 31
"""The month before, which the report compares with."""
_LEAST_DAYS_NOW = 8
"""Until now, where the month is long over: what the dashboard shows, and a week before it."""
_FORMAT = 1
"""Of the made-up samples: another number makes all of them anew."""


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """A demonstration on disk."""

    path: Path
    story: Story
    counters: Counters = field(default_factory=dict)
    """Where they stood at the beginning of the day of `until_ms`."""
    until_ms: int = 0
    """Up to when there are samples; 0 for one that is not complete."""
    seed: int = SEED


def prepare_folder(
    path: Path,
    month: Period,
    now_ms: int,
    show_step: ShowStep,
    *,
    days_before: int = _DAYS_BEFORE,
    lang: Lang = "ko",
) -> DemoFolder:
    """Make the demonstration of a month, or bring one that is there up to now.

    One of another month, or one that was broken off, is deleted and made anew.

    Args:
        path: of the data folder.
        month: that the report is of.
        now_ms: samples end there.
        show_step: shows the progress of a step, by the end of its text's key.
        days_before: the month, which the report compares with.
        lang: of what its people write.

    Raises:
        StoreError: the folder holds something that is no demonstration; or it cannot be written.
        ConfigError: a file of the site was changed and has mistakes now.
    """
    known = read_mark(path, month, lang)
    if known is None:
        known = DemoFolder(path, plan_story(month, lang))
        _empty(path)
        _write_mark(known)
        write_site(path, known.story)
        return _write_all(known, now_ms, show_step, days_before)
    with show_step("samples") as progress:
        first = max(known.until_ms // DAY_MS, now_ms // DAY_MS - _LEAST_DAYS_NOW)
        known = _write_samples(known, first, now_ms, progress)
    _write_mark(known)
    return known


def _write_all(
    folder: DemoFolder, now_ms: int, show_step: ShowStep, days_before: int
) -> DemoFolder:
    month = folder.story.month
    with show_step("samples") as progress:
        first = (month.start_ms - days_before * DAY_MS) // DAY_MS
        folder = _write_samples(folder, first, min(month.end_ms, now_ms), progress)
    with show_step("logs") as progress:
        _write_logs(folder, now_ms, progress)
    with show_step("alerts") as progress:
        config = load_config(folder.path)
        with read_workspace(config) as workspace:
            end_ms = min(month.end_ms, now_ms)
            play_history(config, workspace, folder.story, end_ms, progress)
    if now_ms > month.end_ms:
        with show_step("samples") as progress:
            first = max(month.end_ms // DAY_MS, now_ms // DAY_MS - _LEAST_DAYS_NOW)
            folder = _write_samples(folder, first, now_ms, progress)
    _write_mark(folder)
    return folder


def load_config(path: Path, lang: Lang | None = None, listen: str | None = None) -> Config:
    """The configuration of the made-up site.

    Raises:
        ConfigError: it was changed, and has mistakes now.
    """
    overrides = CliOverrides(file=path / "jipyo.yaml", lang=lang, listen=listen)
    return load(overrides, {}, lang or "ko")


def read_mark(path: Path, month: Period, lang: Lang = "ko") -> DemoFolder | None:
    """The demonstration of a month in a folder; None where it is to be made.

    Raises:
        StoreError: the folder holds something else.
    """
    if not path.exists():
        return None
    try:
        return _load_mark(
            json.loads((path / MARK).read_text("utf-8")), path, plan_story(month, lang)
        )
    except FileNotFoundError:
        if any(path.iterdir()):
            raise StoreError(
                "demo.foreign_folder", hint="demo.foreign_folder.hint", path=str(path)
            ) from None
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise StoreError("demo.wrong_mark", path=str(path / MARK), reason=str(error)) from error


def _load_mark(known: Mapping[str, Any], path: Path, story: Story) -> DemoFolder | None:
    wanted = _identify(story)
    if any(known.get(name) != value for name, value in wanted.items()) or not known["until_ms"]:
        return None
    counters = {(job, Labels.of(labels)): value for job, labels, value in known["counters"]}
    return DemoFolder(path, story, counters, known["until_ms"], known["seed"])


def _identify(story: Story) -> dict[str, Any]:
    """What makes a demonstration another one."""
    month = story.month
    name = f"{month.first_day:%Y-%m}"
    return {"format": _FORMAT, "month": name, "zone": month.zone, "language": story.lang}


def _write_mark(folder: DemoFolder) -> None:
    document = {
        "demonstration": True,
        **_identify(folder.story),
        "version": version("jipyo"),
        "seed": folder.seed,
        "until_ms": folder.until_ms,
        "counters": [
            [job, dict(labels.pairs), value] for (job, labels), value in folder.counters.items()
        ],
    }
    with _write_errors(folder.path):
        folder.path.mkdir(parents=True, exist_ok=True)
        with atomic_write(folder.path / MARK) as file:
            file.write(json.dumps(document).encode())


def _empty(path: Path) -> None:
    """Delete what an earlier demonstration wrote; the folder has its mark, or is empty."""
    if path.exists():
        with _write_errors(path):
            for one in path.iterdir():
                shutil.rmtree(one) if one.is_dir() and not one.is_symlink() else one.unlink()


@contextlib.contextmanager
def _write_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreFull("demo.not_written", path=str(path), reason=str(error)) from error


def _write_samples(
    folder: DemoFolder, first: int, end_ms: int, progress: Progress = ignore_progress
) -> DemoFolder:
    written = write_days(
        folder.path, (folder.story, folder.seed), first, end_ms, dict(folder.counters), progress
    )
    return replace(folder, counters=written.counters, until_ms=end_ms)


def _write_logs(folder: DemoFolder, now_ms: int, progress: Progress) -> None:
    story, config, clock = folder.story, load_config(folder.path), SetClock()
    clock.t_ms = now_ms
    days = list_days(story.month.start_ms - 7 * DAY_MS, min(story.month.end_ms, now_ms))
    by_service: dict[str, list[str]] = {}
    for done, number in enumerate(days):
        progress(done, len(days))
        for service, lines in write_lines(story, folder.seed, number).items():
            by_service.setdefault(service, []).extend(lines)
    for service, lines in by_service.items():
        path = folder.path / f"{service}.log"
        with _write_errors(path):
            path.write_text("\n".join(lines) + "\n", "utf-8")
        import_logs(config, LogImport(path, service), clock, ignore_progress)
        path.unlink()
