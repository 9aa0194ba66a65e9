"""`jipyo glossary`: what the words of reports mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import orjson
from rich.text import Text

from jipyo.cli.localized import Command
from jipyo.cli.options import open_terminal, pass_config
from jipyo.reports.glossary import find_terms, list_terms, load_glossary

if TYPE_CHECKING:
    from jipyo.config.load import Config
    from jipyo.i18n import Texts


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command("glossary", cls=Command, help=t("cli.glossary.help"))
    @click.argument("term", required=False, shell_complete=_complete)
    @click.option("--json", "as_json", is_flag=True, help=t("cli.glossary.json"))
    @pass_config(t)
    def print_glossary(config: Config, words: Texts, term: str | None, *, as_json: bool) -> None:
        del config
        terms = load_glossary()
        found = find_terms(term, terms) if term else list_terms(terms, words.lang)
        if as_json:
            rows = [
                {"id": one.id, "term": one.term(words.lang), "meaning": one.meaning(words.lang)}
                for one in found
            ]
            click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
            return
        console = open_terminal()
        for one in found:
            other = one.term("en" if words.lang == "ko" else "ko")
            names = [name for name in (other, *one.also) if name != one.term(words.lang)]
            title = Text(one.term(words.lang), style="bold")
            console.print(
                title.append(f"  {', '.join(dict.fromkeys(names))}", style="not bold dim")
            )
            console.print(f"  {one.meaning(words.lang)}")


def _complete(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """The ids that begin so."""
    return [term.id for term in load_glossary() if term.id.startswith(begun)]
