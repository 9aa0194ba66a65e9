import pytest

from jipyo.logs.elasticsearch.mapping import FieldKind, list_paths, read_fields


def read(name: str, types: dict[str, list[str]], details: dict | None = None, **settings: bool):
    """A field, by the types that each path has in some index, and the mapping of each path."""
    able = {"searchable": True, "aggregatable": True}
    capabilities = {path: dict.fromkeys(found, able) for path, found in types.items()}
    mappings = {}
    for path, mapping in (details or {}).items():
        mappings[path] = {"full_name": path, "mapping": {path.rpartition(".")[2]: mapping}}
    settings = {"has_own_analyzer": False, **settings}
    return read_fields([name], capabilities, {"i": {"mappings": mappings}}, **settings)[name]


PLAIN = {"type": "keyword"}
TEXT = {"type": "text"}


@pytest.mark.parametrize(
    ("types", "details", "kind"),
    [
        ({}, {}, FieldKind.UNMAPPED),
        ({"f": ["keyword"]}, {"f": PLAIN}, FieldKind.KEYWORD),
        ({"f": ["keyword", "unmapped"]}, {"f": PLAIN}, FieldKind.KEYWORD),
        ({"f": ["keyword", "constant_keyword"]}, {"f": PLAIN}, FieldKind.KEYWORD),
        ({"f": ["keyword"]}, {"f": {**PLAIN, "normalizer": "lowercase"}}, FieldKind.OPAQUE),
        ({"f": ["keyword"]}, {"f": {**PLAIN, "null_value": "-"}}, FieldKind.OPAQUE),
        ({"f": ["keyword"]}, {}, FieldKind.OPAQUE),
        ({"f": ["text"]}, {"f": TEXT}, FieldKind.TEXT),
        ({"f": ["text"]}, {"f": {**TEXT, "analyzer": "nori"}}, FieldKind.OPAQUE),
        ({"f": ["text", "keyword"]}, {"f": TEXT}, FieldKind.OPAQUE),
        ({"f": ["long", "short"]}, {}, FieldKind.INTEGER),
        ({"f": ["long", "keyword"]}, {}, FieldKind.OPAQUE),
        ({"f": ["ip"]}, {}, FieldKind.OPAQUE),
        ({"f": ["nested"]}, {}, FieldKind.NESTED),
        ({"f": ["object"]}, {}, FieldKind.OBJECT),
    ],
)
def test_a_field_is_trusted_where_all_indices_agree(types, details, kind):
    assert read("f", types, details).kind is kind


@pytest.mark.parametrize(
    ("parent", "kind"),
    [
        ("nested", FieldKind.NESTED),
        ("flattened", FieldKind.FLATTENED),
        ("flat_object", FieldKind.FLAT_OBJECT),
        ("ip", FieldKind.OPAQUE),
        ("object", FieldKind.UNMAPPED),
    ],
)
def test_a_key_is_as_its_object(parent, kind):
    assert read("a.b.c", {"a": [parent]}).kind is kind


def test_another_default_analyzer_makes_texts_opaque():
    types, details = {"f": ["text"]}, {"f": TEXT}
    assert read("f", types, details, has_own_analyzer=True).kind is FieldKind.OPAQUE
    assert read("f", types, {"f": {**TEXT, "analyzer": "standard"}}).kind is FieldKind.TEXT


def test_a_text_has_whole_values_where_it_has_a_keyword_everywhere():
    types = {"f": ["text"], "f.keyword": ["keyword"]}
    short = {"type": "keyword", "ignore_above": 256}
    field = read("f", types, {"f": TEXT, "f.keyword": short})
    assert (field.exact, field.length) == ("f.keyword", 256)
    assert read("f", types, {"f": TEXT}).exact == ""


def test_sub_fields_and_parents_are_looked_up_too():
    assert list_paths(["a.b"]) == ["a.b", "a.b.keyword", "a"]
