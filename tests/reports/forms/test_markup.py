"""XML with places: what is not replaced stays, and what is replaced reads as it was meant."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.errors import ReportError
from jipyo.reports.forms.markup import (
    Edit,
    TextRun,
    escape,
    parse_markup,
    set_attribute,
    splice,
    take,
)

XML = (
    '\ufeff<?xml version="1.0"?><a:r b="1>2" c=\'x\'><p><t>가 {</t><t>{ n &amp; <lineBreak/>m}</t>'
    "<t>} x\r\ny<![CDATA[a&b{{]]></t><t/></p></a:r>"
).encode()


def read_run(xml: bytes) -> TextRun:
    root = parse_markup(xml, "x")
    return TextRun(piece for element in root.walk() for piece in element.pieces)


def test_text_is_read_over_runs_references_breaks_and_sections() -> None:
    assert read_run(XML).text == "가 {{ n & \nm}} x\nya&b{{"


def test_a_stretch_over_runs_is_replaced_where_it_begins() -> None:
    run = read_run(XML)
    start, end = run.text.index("{{"), run.text.index("}}") + 2
    filled = splice(XML, run.replace([(start, end, "<새 & 값>")], escape))
    assert (
        filled
        == (
            '\ufeff<?xml version="1.0"?><a:r b="1>2" c=\'x\'><p><t>가 '
            "&lt;새 &amp; 값&gt;</t><t></t>"
            "<t> x\r\ny<![CDATA[a&b{{]]></t><t/></p></a:r>"
        ).encode()
    )


def test_a_value_in_a_section_does_not_end_it_early() -> None:
    run = read_run(XML)
    start = run.text.index("b{{")
    filled = splice(XML, run.replace([(start, start + 3, "]]> & <b>")], escape))
    assert read_run(filled).text.endswith("a&]]> & <b>")


PIECES = st.lists(
    st.one_of(
        st.text("가나다 ab{}&<>\"'\r\n\t𝄞", max_size=8).map(escape),
        st.sampled_from(["</t><t>", "<lineBreak/>", "&#44032;", "<![CDATA[<&]]>", "<!--{{-->"]),
    ),
    max_size=12,
)


@given(PIECES, st.data())
def test_any_stretch_is_replaced_and_all_else_stays(pieces: list[str], data: st.DataObject) -> None:
    xml = f"<p><t>{''.join(pieces)}</t></p>".encode()
    run = read_run(xml)
    start = data.draw(st.integers(0, len(run.text)))
    end = data.draw(st.integers(start, len(run.text)))
    value = data.draw(st.text("x<&>]\ue000\x00", max_size=5))
    filled = splice(xml, run.replace([(start, end, value)], escape))
    ElementTree.fromstring(filled)
    shown = value.replace("\x00", "\ufffd") if start < end else ""
    assert read_run(filled).text == run.text[:start] + shown + run.text[end:]


def test_places_are_those_of_the_bytes() -> None:
    root = parse_markup(XML, "x")
    for element in root.walk():
        written = XML[element.start : element.end]
        assert written.startswith(b"<")
        assert written.endswith(b">")
        ElementTree.fromstring(written.replace(b"a:r", b"r"))


def test_attributes_are_set_in_place() -> None:
    root = parse_markup(XML, "x")
    edits = [set_attribute(XML, root, "b", '"&'), set_attribute(XML, root, "c", 7)]
    assert b'<a:r b="&quot;&amp;" c="7"><p>' in splice(XML, edits)


def test_a_part_is_taken_with_the_edits_in_it() -> None:
    edits = [Edit(0, 1, b"x"), Edit(2, 3, b"yy"), Edit(2, 3, b"yy"), Edit(5, 6, b"z")]
    assert take(b"012345", 1, 5, edits) == b"1yy34"


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"<a>",
        b"<a></b>",
        b"\xff\xfe<\x00a\x00/\x00>\x00",
        '<?xml version="1.0" encoding="euc-kr"?><a>가</a>'.encode("euc-kr"),
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b"<a>&x;</a>",
        b"<a>" * 500 + b"</a>" * 500,
    ],
)
def test_what_is_not_plain_xml_is_refused(xml: bytes) -> None:
    with pytest.raises(ReportError) as error:
        parse_markup(xml, "Contents/section0.xml")
    assert error.value.key == "forms.broken_xml"
