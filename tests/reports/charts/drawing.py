"""Reading drawings back."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

NS = "{http://www.w3.org/2000/svg}"


def parse_svg(text: str) -> ET.Element:
    return ET.fromstring(text)


def read_paths(root: ET.Element, css: str) -> list[str]:
    return [path.attrib["d"] for path in root.iter(f"{NS}path") if path.get("class") == css]


def parse_points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)]


def read_texts(root: ET.Element) -> list[str]:
    return [text.text or "" for text in root.iter(f"{NS}text")]


def read_tooltips(root: ET.Element) -> list[str]:
    return [rect.findtext(f"{NS}title") or "" for rect in root.iter(f"{NS}rect")]


def read_places(root: ET.Element) -> list[tuple[float, float]]:
    """Every number that places something, as (x, y)."""
    corners = [(float(r.attrib["x"]), float(r.attrib["y"])) for r in root.iter(f"{NS}rect")]
    drawn = [p for path in root.iter(f"{NS}path") for p in parse_points(path.attrib["d"])]
    return corners + drawn
