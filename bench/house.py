"""`make house`: the measures of the code's shape, and the goals that they are held to.

    python -m bench.house                 # the whole product, with goals
    python -m bench.house src/jipyo/web   # one folder, without goals
    python -m bench.house --list src/jipyo/web   # and the names behind the figures

Names are read from the syntax tree, so a figure can be compared with any other project's:
`python -m bench.house .venv/lib/python3.11/site-packages/starlette`.
"""

from __future__ import annotations

import argparse
import ast
import re
import statistics
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "jipyo"

VERBS = frozenset(
    """
    abort accept acquire adapt add adjust adopt advance align allocate allow analyze answer
    append apply ask assemble assert assess assign attach await backfill bind break build bypass
    calculate call cancel carry cast chain check choose claim classify clean clear clip close
    coerce collapse collect combine compact compare compile complain complete compose compress
    compute configure confirm connect consume contain continue convert copy correct create
    decide declare decode decompress define delete deliver deny derive describe detect determine
    disable discard disconnect discover dispatch divide do download drain draw drop dump emit
    enable encode end enforce enqueue ensure enter enumerate escape estimate evaluate examine
    exclude execute expand expect expire explain explore export expose extend extract fail fall
    fetch fill filter find finish fit flatten flush follow forbid force forget fork format
    forward freeze fsync gather generate get give go guess handle has hide hold identify ignore
    import include increment infer inherit initialize inject insert inspect install instrument
    interpolate invalidate invert invoke is isolate iter iterate join keep kill launch lay leave
    listen load locate look lookup make manage match materialize may merge migrate modify move
    multiply must negate normalize notify observe obtain omit open override overwrite parse pass
    pause peek perform pick pop populate prepare prevent print produce promote propagate protect
    prove provide prune publish pull purge push put raise read reap rearrange rebuild receive
    recompute reconcile recover redact reduce refer refresh refuse register reject relabel
    release reload remember remove rename render renew reopen reorder repair repeat replace
    require reserve reset resize resolve respond restart restore restrict retire retrieve retry
    return reuse reverse revert rewind rewrite roll rotate round run salvage save scrape seek
    select send separate serialize serve set setup should show shrink shut shutdown sift
    simplify skip sleep snap sort spell spill split squash start stop strip submit substitute
    subtract suggest summarise summarize supports suspend sync take throttle transform translate
    traverse trim truncate try unescape unfold uninstall unlock unpack unquote unregister unwrap
    update upload use validate verify visit wait walk warn wash widen wrap write yield
    """.split()  # noqa: SIM905
)
"""Verbs in their plain form."""

NOUNS_TOO = frozenset(
    """
    account block cache catch change count cover cut diff exit feed fix flag fold group guard
    hash index issue limit link list lock log lower map mark mask measure name narrow need note
    order pack pad patch place plan process query quote rank record redirect reply report
    request route sample scale scan schedule search shape share shift sign slice stack stamp
    step store stream supply swap switch test time touch trace track transfer upgrade watch
    """.split()  # noqa: SIM905
)
"""Verbs that are a value's name when they stand alone: `count` is a number, `count_lines` acts."""

IRREGULAR_PARTICIPLES = frozenset(
    """
    begun bound broken brought built chosen cut done drawn driven fallen felt found frozen given
    gone grown heard held hidden kept known laid left lost made meant met overridden paid put read
    run said seen sent set shown shut sold spent split spoken spread stuck sworn taken told
    understood undone unread unseen worn woven written
    """.split()  # noqa: SIM905
)
NOT_PARTICIPLES = frozenset(
    "embed feed need seed speed red bed shed thread read run set put cut split spread shut".split()  # noqa: SIM905
)

MOST_LINES = 50
SHORT_LINES = 6
EDGES = {
    "app/alerts/service.py",
    "alerts/notify/sender.py",
    "collect/loop.py",
    "collect/limits.py",
    "loops.py",
    "web/http/endpoint.py",
}
"""Where everything may be caught: collectors, loops, rules, senders of messages, web handlers."""

THRESHOLD_WORDS = re.compile(r"^_?(warning|critical|threshold|limit|line|level|recover)")
VALUE_WORDS = frozenset({"value", "values", "signed", "peak", "figure"})
JUDGING_ROOMS = ("analysis", "alerts", "reports", "source", "web/api", "api", "cli")
JUDGING_SCRIPT = re.compile(r"value\b[^;\n]{0,8}[<>]=? (limit|threshold|warning|critical)\b")
ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the tree."""

    file: Path
    name: str
    line: int
    lines: int
    private: bool

    @property
    def words(self) -> list[str]:
        """The words of its name: `_read_body` is read, body."""
        return [word for word in self.name.strip("_").lower().split("_") if word]

    @property
    def is_verb(self) -> bool:
        """Whether it begins with a plain verb."""
        if not self.words:
            return False
        return self.words[0] in VERBS or (len(self.words) > 1 and self.words[0] in NOUNS_TOO)

    @property
    def is_participle(self) -> bool:
        """Whether its whole name is one participle, as `counted` or `held`."""
        if len(self.words) != 1 or self.words[0] in NOT_PARTICIPLES:
            return False
        return self.words[0].endswith("ed") or self.words[0] in IRREGULAR_PARTICIPLES


@dataclass(slots=True)
class House:
    """What was measured in one folder."""

    functions: list[Function] = field(default_factory=list)
    once: list[Function] = field(default_factory=list)
    """Private, referenced once in their file, and short."""
    classes: dict[str, list[Path]] = field(default_factory=lambda: defaultdict(list))
    swallowing: list[str] = field(default_factory=list)

    @property
    def duplicates(self) -> dict[str, list[Path]]:
        """Public class names that stand in several files; `Options` may."""
        return {
            name: files
            for name, files in sorted(self.classes.items())
            if len(files) > 1 and name != "Options" and not name.startswith("_")
        }

    def share(self, functions: list[Function]) -> float:
        """Percent of all functions."""
        return 100 * len(functions) / max(len(self.functions), 1)


def measure_folder(folder: Path) -> House:
    """Read every Python file below a folder."""
    house = House()
    for file in sorted(folder.rglob("*.py")):
        tree = ast.parse(file.read_text("utf-8"))
        functions = list(find_functions(tree, file))
        house.functions += functions
        references = Counter(find_references(tree))
        house.once += [
            function
            for function in functions
            if function.private and function.lines <= SHORT_LINES and references[function.name] == 1
        ]
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                house.classes[node.name].append(file)
            if isinstance(node, ast.ExceptHandler) and swallows(node):
                house.swallowing.append(f"{file}:{node.lineno}")
    return house


def find_functions(tree: ast.AST, file: Path) -> Iterator[Function]:
    """Every function and method; dunder methods are named by the language."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if node.name.startswith("__") and node.name.endswith("__"):
            continue
        first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        lines = (node.end_lineno or node.lineno) - first + 1
        yield Function(file, node.name, node.lineno, lines, node.name.startswith("_"))


def find_references(tree: ast.AST) -> Iterator[str]:
    """Every use of a name, as a variable or as an attribute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


def swallows(handler: ast.ExceptHandler) -> bool:
    """Whether a handler catches everything and does not raise again."""
    caught = handler.type
    names = {node.id for node in ast.walk(caught) if isinstance(node, ast.Name)} if caught else {""}
    if not names & {"", "Exception", "BaseException"}:
        return False
    return not any(isinstance(node, ast.Raise) for node in ast.walk(handler))


def find_judges(folder: Path, pages: Path) -> list[str]:
    """Files in which a value is compared with a threshold: Python by its tree, pages by text."""
    judges = [
        str(file.relative_to(folder))
        for room in JUDGING_ROOMS
        for file in sorted((folder / room).rglob("*.py"))
        if "charts" not in file.parts  # a chart asks whether a threshold fits into its axis
        and any(map(compares_with_threshold, ast.walk(ast.parse(file.read_text("utf-8")))))
    ]
    scripts = sorted(file for file in pages.rglob("*") if file.suffix in {".ts", ".svelte"})
    return judges + [
        file.name
        for file in scripts
        if ".test." not in file.name and JUDGING_SCRIPT.search(file.read_text("utf-8"))
    ]


def compares_with_threshold(node: ast.AST) -> bool:
    """Whether an ordering has a threshold on one side of it, or a value's distance from one."""
    if not isinstance(node, ast.Compare) or not any(isinstance(op, ORDER) for op in node.ops):
        return False
    sides = [set(find_references(side)) for side in (node.left, *node.comparators)]
    return any(words & VALUE_WORDS for words in sides) and any(
        THRESHOLD_WORDS.search(word) for words in sides for word in words
    )


def count_lines(folder: Path, *patterns: str) -> int:
    """Lines of all files of these patterns."""
    return sum(
        len(file.read_text("utf-8").splitlines())
        for pattern in patterns
        for file in folder.rglob(pattern)
        if "node_modules" not in file.parts and not file.name.endswith(".d.ts")
    )


def print_names(house: House) -> None:
    """The names that a person would look at next."""
    for title, functions in (
        ("no plain verb", [one for one in house.functions if not one.is_verb]),
        ("bare participle", [one for one in house.functions if one.is_participle]),
        ("private, once, short", house.once),
    ):
        print(f"\n{title}:")
        for one in functions:
            print(f"  {one.file}:{one.line} {one.name}")


def print_shape(house: House) -> None:
    """The figures of one folder, without goals."""
    lines = sorted(one.lines for one in house.functions) or [0]
    verbs = [one for one in house.functions if one.is_verb]
    participles = [one for one in house.functions if one.is_participle]
    print(f"functions                        {len(house.functions)}")
    print(f"  lines, median / p90 / longest  {statistics.median(lines):.0f} / "
          f"{lines[int(0.9 * (len(lines) - 1))]} / {lines[-1]}")  # fmt: skip
    print(f"  begin with a plain verb        {house.share(verbs):.1f} %")
    print(f"  are a bare participle          {house.share(participles):.1f} %")
    print(f"  private, once, <= {SHORT_LINES} lines      {house.share(house.once):.1f} %")
    print(f"public class names in two files  {len(house.duplicates)}")
    for name, files in house.duplicates.items():
        print(f"  {name}: {', '.join(str(file) for file in files)}")


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure of the whole product and what it must be."""

    name: str
    value: float
    unit: str
    least: float | None = None
    most: float | None = None
    detail: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the figure is within its bound."""
        above = self.least is None or self.value >= self.least
        return above and (self.most is None or self.value <= self.most)


def measure_product() -> list[Goal]:
    """Every figure that has a goal."""
    house = measure_folder(SOURCE)
    judges = find_judges(SOURCE, ROOT / "frontend" / "src")
    outside = [
        place
        for place in house.swallowing
        if str(Path(place.rpartition(":")[0]).relative_to(SOURCE)) not in EDGES
    ]
    long = [one for one in house.functions if one.lines > MOST_LINES]
    verbs = [one for one in house.functions if one.is_verb]
    participles = [one for one in house.functions if one.is_participle]
    pages = ROOT / "frontend"
    written = count_lines(pages / "src", "*.ts", "*.svelte")
    tests = count_lines(pages, "*.test.ts")
    code, tested = count_lines(SOURCE, "*.py"), count_lines(ROOT / "tests", "*.py")
    return [
        Goal("functions that begin with a plain verb", house.share(verbs), "%", least=45),
        Goal("functions that are a bare participle", house.share(participles), "%", most=3),
        Goal("public class names in two files", len(house.duplicates), "", most=0,
             detail=", ".join(house.duplicates)),
        Goal("private functions used once, <= 6 lines", house.share(house.once), "%", most=6),
        Goal("places that judge a threshold", len(judges), "", most=1, detail=", ".join(judges)),
        Goal("test lines / code lines", tested / code, "", least=1.0),
        Goal("frontend test lines / code lines", tests / max(written - tests, 1), "", least=0.4),
        Goal("functions over 50 lines", len(long), "", most=0,
             detail=", ".join(one.name for one in long)),
        Goal("swallowing excepts outside the edges", len(outside), "", most=0,
             detail=", ".join(outside)),
        Goal("broken import contracts", count_broken_contracts(), "", most=0),
    ]  # fmt: skip


def count_broken_contracts() -> int:
    """How many contracts import-linter finds broken: circles, upward imports and the rest."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    verdict = re.search(r"(\d+) kept, (\d+) broken", answer.stdout)
    assert verdict is not None, answer.stdout + answer.stderr
    return int(verdict[2])


def print_goals(goals: list[Goal]) -> bool:
    """A line a goal; whether all are met."""
    for goal in goals:
        bound = f">= {goal.least:g}" if goal.least is not None else f"<= {goal.most:g}"
        mark = "ok  " if goal.is_met else "MISS"
        value = f"{goal.value:.1f} %" if goal.unit == "%" else f"{round(goal.value, 2):g}"
        print(f"{mark} {goal.name:<42} {value:>8}   {bound} {goal.unit}")
        if goal.detail and not goal.is_met:
            print(f"     {goal.detail}")
    return all(goal.is_met for goal in goals)


def run(arguments: list[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench.house", description="Measure the code.")
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--list", action="store_true", help="name the functions")
    options = parser.parse_args(arguments)
    house = measure_folder(options.folder or SOURCE)
    print_shape(house)
    if options.list:
        print_names(house)
    if options.folder is None:
        print()
        return 0 if print_goals(measure_product()) else 1
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
