import pytest

from jipyo.promql.syntax.lexer import TokenKind, tokenize


def kinds(text: str) -> list[str]:
    return [token.kind.name for token in tokenize(text)[:-1]]


def texts(text: str) -> list[str]:
    return [token.text for token in tokenize(text)[:-1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rate(x[5m])", ["rate", "(", "x", "[", "5m", "]", ")"]),
        ("a+b - c", ["a", "+", "b", "-", "c"]),
        ("a<=b</c>/d>e", ["a", "<=", "b", "</", "c", ">/", "d", ">", "e"]),
        ('{a!="b",c=~`d`}', ["{", "a", "!=", '"b"', ",", "c", "=~", "`d`", "}"]),
        ("x # y\n+ z", ["x", "+", "z"]),
        ("요청수{서비스='추론'}", ["요청수", "{", "서비스", "=", "'추론'", "}"]),
        ("http.server..requests. * .5", ["http.server..requests.", "*", ".5"]),
        ("job:x:rate5m", ["job:x:rate5m"]),
        ("x[5m:1m]", ["x", "[", "5m", ":", "1m", "]"]),
        ("x[ step ( ) + 1m]", ["x", "[", "step", "(", ")", "+", "1m", "]"]),
        ("x[1m + step()]", ["x", "[", "1m", "+", "step", "(", ")", "]"]),
        (
            "x[min_of(1m,\nrange())]",
            ["x", "[", "min_of", "(", "1m", ",", "range", "(", ")", ")", "]"],
        ),
        (r'"a\"b"', [r'"a\"b"']),
        ("", []),
    ],
)
def test_a_text_is_cut_into_its_tokens(text: str, expected: list[str]) -> None:
    assert texts(text) == expected
    assert tokenize(text)[-1].kind is TokenKind.EOF


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sum BY without", ["AGGREGATOR", "KEYWORD", "KEYWORD"]),
        ("And or UNLESS atan2", ["OPERATOR"] * 4),
        ("start end step range max_of min_of", ["WORD"] * 6),
        ("Inf nAn 0x1F 1e-3 1_000", ["NUMBER"] * 5),
        ("5m 1h30m 1ms", ["DURATION"] * 3),
        ("fill fill_left(1)", ["IDENTIFIER", "KEYWORD", "LEFT_PAREN", "NUMBER", "RIGHT_PAREN"]),
        ("fill  (1)", ["KEYWORD", "LEFT_PAREN", "NUMBER", "RIGHT_PAREN"]),
        ("{sum=~'a'}", ["LEFT_BRACE", "IDENTIFIER", "OPERATOR", "STRING", "RIGHT_BRACE"]),
        ("a:b rate.total Inf.total İnf", ["METRIC_IDENTIFIER"] + ["IDENTIFIER"] * 3),
    ],
)
def test_words_are_told_from_names(text: str, expected: list[str]) -> None:
    assert kinds(text) == expected


@pytest.mark.parametrize("text", ["요청수", "a.b", "{é='x'}", "²"])
def test_letters_beyond_ascii_and_dots_need_the_feature(text: str) -> None:
    assert tokenize(text, unquoted_utf8=False)[-1].kind is TokenKind.ERROR


@pytest.mark.parametrize(
    ("text", "start", "message"),
    [
        ("(x", 2, "unclosed left parenthesis"),
        ("x[5m", 4, "unclosed left bracket"),
        ("x[", 2, "unexpected end of input in duration expression"),
        ("{a", 2, "unexpected end of input inside braces"),
        ("x)", 2, "unexpected right parenthesis ')'"),
        ("x]", 1, "unexpected right bracket ']'"),
        ("x[1[", 3, "unexpected left bracket '['"),
        ("x[:", 3, "unexpected colon before duration in duration expression"),
        ("x[step():1m:", 11, "unexpected colon ':'"),
        ("x[step():(:", 11, "unexpected repeated colon in duration expression"),
        ("x[5m a]", 5, "unexpected character: 'a', expected ':'"),
        ("x[a]", 2, "unexpected character in duration expression: 'a'"),
        ("x[steps()]", 2, "unexpected character in duration expression: 's'"),
        ("{{", 1, "unexpected left brace '{'"),
        ("{;", 1, "unexpected character inside braces: ';'"),
        ("{a!b", 2, "unexpected character after '!' inside braces: 'b'"),
        ("a!b", 1, "unexpected character after '!': 'b'"),
        ("a!", 1, "unexpected character after '!': '\ufffd'"),
        ("a =~ b", 2, "unexpected character after '=': '~'"),
        ("a ; b", 2, "unexpected character: ';'"),
        ("a \u200d", 2, "unexpected character: '\\u200d'"),
        ("a \x00", 2, "unexpected character: '\\x00'"),
        ("5foo", 0, 'bad number or duration syntax: "5"'),
        ("5mfoo", 0, 'bad number or duration syntax: "5mf"'),
        ("5m12", 0, 'bad number or duration syntax: "5m12"'),
        ("1.2.3", 0, 'bad number or duration syntax: "1.2."'),
        ("1e", 0, 'bad number or duration syntax: "1e"'),
        ("1_", 0, 'bad number or duration syntax: "1_"'),
        ('"abc', 0, "unterminated quoted string"),
        ('"a\nb"', 0, "unterminated quoted string"),
        ("`abc", 0, "unterminated raw string"),
        ('"\\', 0, "escape sequence not terminated"),
        ('"\\x4', 0, "escape sequence not terminated"),
        ('"\\q"', 0, "unknown escape sequence U+0071 'q'"),
        ('"\\\x01"', 0, "unknown escape sequence U+0001"),
        ('"\\xg1"', 0, "illegal character U+0067 'g' in escape sequence"),
        ('"\\18x"', 0, "illegal character U+0038 '8' in escape sequence"),
        ('"\\400"', 0, "escape sequence is an invalid Unicode code point"),
        ('"\\ud800"', 0, "escape sequence is an invalid Unicode code point"),
        ('"\\U00110000"', 0, "escape sequence is an invalid Unicode code point"),
        ('"\ufffd"', 0, "invalid UTF-8 rune"),
        (f'"{chr(0xDCFF)}"', 0, "invalid UTF-8 rune"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(text: str, start: int, message: str) -> None:
    error = tokenize(text)[-1]
    assert (error.kind, error.start, error.text) == (TokenKind.ERROR, start, message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "end of input"),
        ("+", "<op:+>"),
        ("SUM", "<aggr:SUM>"),
        ("by", "<by>"),
        ("start", '"start"'),
        ("(", '"("'),
        ("foo", 'identifier "foo"'),
        ("a:b", 'metric identifier "a:b"'),
        ("12", 'number "12"'),
        ("5m", 'duration "5m"'),
        ('"0123456789abc"', 'string "\\"012345678"...'),
    ],
)
def test_tokens_say_what_they_are_in_errors(text: str, message: str) -> None:
    assert str(tokenize(text)[0]) == message
