"""The file of a site's template: YAML -> `SiteTemplate`. It chooses and adds, and runs nothing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from jipyo.model.bilingual import Bilingual
from jipyo.model.errors import ConfigError, ReportError
from jipyo.reports.colour import LINE_CONTRAST, TEXT_CONTRAST, is_colour, measure_contrast
from jipyo.reports.logo import LARGEST_BYTES, read_logo
from jipyo.reports.look import Look
from jipyo.reports.outline import OUTLINES, Chapter
from jipyo.reports.site_template import COVER, SectionChoice, SiteTemplate
from jipyo.schema import (
    BILINGUAL,
    PATH,
    SWITCH,
    TEXT,
    Key,
    Kind,
    Node,
    convert,
    drop_nulls,
    gather,
    map_of,
    parse_yaml,
    quote,
    read_text,
    record,
    unknown_word,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from jipyo.i18n import Texts
    from jipyo.reports.look import Logo
    from jipyo.reports.outline import Outline

VERSION = 1
PAPER = "#ffffff"


def list_section_ids() -> tuple[str, ...]:
    """Every section and chapter of any report, in the order in which they are printed."""
    ids = [id_ for outline in OUTLINES.values() for id_ in _list_ids(outline)]
    return tuple(dict.fromkeys((COVER, *ids)))


def _list_ids(outline: Outline) -> Iterator[str]:
    for part in outline:
        yield part.id
        if isinstance(part, Chapter):
            yield from (section.id for section in part.sections)


def _read_own_text(node: Node) -> Bilingual:
    """A text of the site: the same in both languages, or one for each."""
    if node.entries is not None:
        return BILINGUAL.read(node)
    text = TEXT.read(node)
    return Bilingual(text, text)


def _read_logo(path: Path, node: Node) -> Logo:
    try:
        return read_logo(path)
    except ReportError as error:
        hint = error.hint or ""
        raise ConfigError("schema.at", hint=hint, where=node.at, problem=error) from error


def _read_colour(least: float, node: Node) -> str:
    text = TEXT.read(node).strip().lower()
    if not is_colour(text):
        raise ConfigError("site_template.not_a_colour", where=node.at, value=quote(node))
    contrast = measure_contrast(text, PAPER)
    if contrast < least:
        raise ConfigError(
            "site_template.too_pale",
            where=node.at,
            value=text,
            contrast=f"{contrast:.1f}",
            least=f"{least:g}",
        )
    return text


def _read_version(node: Node) -> int:
    if node.value != VERSION or isinstance(node.value, bool):
        raise ConfigError("site_template.bad_version", where=node.at, known=VERSION)
    return VERSION


_OWN_TEXT = Kind("bilingual", _read_own_text)
_CHOICE = record(SectionChoice, (Key("shown", SWITCH), Key("before", _OWN_TEXT)))


def _read_choice(node: Node) -> SectionChoice:
    """`false`, `true`, or a mapping."""
    if node.entries is not None:
        return _CHOICE.read(node)
    return SectionChoice(shown=SWITCH.read(node))


_COLOURS = record(
    lambda **values: values,
    (
        Key("accent", Kind("colour", partial(_read_colour, TEXT_CONTRAST))),
        Key("line", Kind("colour", partial(_read_colour, LINE_CONTRAST))),
    ),
)


def _make_template(
    *,
    version: int,
    logo: Logo | None = None,
    colours: Mapping[str, str] | None = None,
    **values: Any,
) -> SiteTemplate:
    del version
    return SiteTemplate(look=Look(logo=logo, **(colours or {})), **values)


def _check_sections(template: SiteTemplate, node: Node) -> None:
    entries = node.find("sections").entries or {}
    known = list_section_ids()

    def check(name: str) -> None:
        if name not in known:
            raise unknown_word("site_template.unknown_section", entries[name].key.at, name, known)

    gather(partial(check, name) for name in template.sections)


_TEMPLATE = record(
    _make_template,
    (
        Key("version", Kind("whole", _read_version), required=True),
        Key("system", _OWN_TEXT),
        Key("logo", convert(PATH, _read_logo)),
        Key("colours", _COLOURS),
        Key("sections", map_of(Kind("mapping", _read_choice), "mapping")),
    ),
    options=SiteTemplate,
    check=_check_sections,
)


def read_site_template(path: Path | None) -> SiteTemplate:
    """The template in a file; jipyo's own without one.

    Raises:
        ConfigError: with every mistake in it.
    """
    return SiteTemplate() if path is None else parse_site_template(read_text(path), str(path))


def parse_site_template(text: str, file: str) -> SiteTemplate:
    """The template in a text; its paths start at the folder of `file`.

    Raises:
        ConfigError: with every mistake in it.
    """
    return _TEMPLATE.read(drop_nulls(parse_yaml(text, file)))


def write_site_template(t: Texts) -> str:
    """A template that changes nothing, with everything that can be changed as comments."""
    sections = "\n".join(
        (f"  # {name}: false".ljust(30) + _name_section(name, t)).rstrip()
        for name in list_section_ids()
    )
    own = Look()
    return "\n".join(
        [
            t("site_template.file.head"),
            f"version: {VERSION}",
            "",
            t("site_template.file.system"),
            f"# system: {t('site_template.file.system.example')}",
            "",
            t("site_template.file.logo", most=LARGEST_BYTES >> 10),
            "# logo: logo.svg",
            "",
            t("site_template.file.colours"),
            "# colours:",
            f'#   accent: "{own.accent}"',
            f'#   line: "{own.line}"',
            "",
            t("site_template.file.sections"),
            "sections:",
            "  # findings: {before: {ko: , en: }}",
            sections,
            "",
        ]
    )


def _name_section(section: str, t: Texts) -> str:
    """Its heading, where it has one that is always the same."""
    for key in (f"reports.{kind}.{section}" for kind in ("chapter", "section")):
        if "{" not in t.table.get(key, "{"):
            return f"# {t(key)}"
    return ""
