"""Every dependency stands with its reason in the decisions."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=\[ ;~!]", one, maxsplit=1)[0] for one in requirements}


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    decided = (ROOT / "docs/decisions/dependencies.md").read_text("utf-8")
    extras = project["project"].get("optional-dependencies", {})
    wanted = names(project["project"]["dependencies"])
    for extra in extras.values():
        wanted |= names(extra)
    missing = {name for name in wanted if f"| {name} |" not in decided}
    assert not missing
    rows = set(re.findall(r"^\| ([\w-]+) \| [^|]+ \| [^|]+ \| [^|]+ \|", decided, re.MULTILINE))
    assert rows - {"package"} == wanted


def test_links_of_the_documentation_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]
    assert not broken
