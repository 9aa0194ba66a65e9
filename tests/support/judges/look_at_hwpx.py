"""Judges HWPX files with programs of others; runs in the environment that `fetch.sh` makes.

    python look_at_hwpx.py FILE...

Prints JSON, for each file: the issues that python-hwpx finds, how many pages rhwp draws, and
the characters that lie outside of the cell or the page that clips them.
"""

import json
import re
import sys

import rhwp  # type: ignore[import-not-found]
from hwpx import HwpxDocument  # type: ignore[import-not-found]

CLIP = re.compile(
    r'<clipPath id="([^"]+)"><rect x="([\d.-]+)" y="([\d.-]+)" width="([\d.-]+)" '
    r'height="([\d.-]+)"/>'
)
PART = re.compile(
    r'<g clip-path="url\(#([^)]+)\)"|<g[ >]|</g>|<text x="([\d.-]+)" y="([\d.-]+)"[^>]* '
    r'font-size="([\d.]+)"[^>]*>([^<]*)</text>'
)
ASCENT, DESCENT = 0.7, 0.1
"""Of a character's size: how far it surely reaches above and below its line."""
ACROSS = 0.25
"""Of a character's size: how far it surely reaches to the right."""


def find_clipped(svg: str) -> str:
    """The characters that are cut at an edge of what clips them."""
    clips = {name: tuple(map(float, box)) for name, *box in CLIP.findall(svg)}
    stack: list[str | None] = []
    cut = []
    for match in PART.finditer(svg):
        if match[0].startswith("<g"):
            stack.append(match[1])
        elif match[0] == "</g>":
            stack.pop()
        else:
            x, y, size = map(float, match.group(2, 3, 4))
            for name in filter(None, stack):
                left, top, width, height = clips[name]
                is_low = y - ASCENT * size < top - 0.5 or y + DESCENT * size > top + height + 0.5
                is_wide = x < left - 0.5 or x + ACROSS * size > left + width + 0.5
                if match[5].strip() and (is_low or is_wide):
                    cut.append(match[5])
    return "".join(cut)


def judge(file: str) -> dict[str, object]:
    document = rhwp.parse(file)
    pages = [document.render_svg(at) for at in range(document.page_count)]
    report = HwpxDocument.open(file).validate()
    return {
        "issues": [str(issue) for issue in report.issues],
        "pages": len(pages),
        "clipped": [find_clipped(page) for page in pages],
    }


print(json.dumps({file: judge(file) for file in sys.argv[1:]}, ensure_ascii=False))
