"""Fields as people and programs name them."""

from typing import Any

import pytest

from chatbot.common.errors import InputError
from chatbot.tasks.extract.fields import Field, parse


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ("name, phone；邮箱", [Field("name"), Field("phone"), Field("邮箱")]),
        ("total: money\n- due: Date", [Field("total", "money"), Field("due", "date")]),
        ("状态：其中之一：已付、未付", [Field("状态", "choice", ("已付", "未付"))]),
        ("status: one of paid, open or late", [Field("status", "choice", ("paid", "open", "late"))]),
        (
            "estado: uno de: pagada, pendiente o vencida",
            [Field("estado", "choice", ("pagada", "pendiente", "vencida"))],
        ),
        (
            "total: importe (con impuestos)\nfin: Fecha",
            [Field("total", "money", about="con impuestos"), Field("fin", "date")],
        ),
        ("estado: uno de pagada o pendiente", [Field("estado", "choice", ("pagada", "pendiente"))]),
        ("seller (who is paid)", [Field("seller", about="who is paid")]),
        ("seller: who is paid", [Field("seller", about="who is paid")]),
        ("金额：金额（含税）", [Field("金额", "money", about="含税")]),
        ('{"total": "money", "kind": ["a", "b"]}', [Field("total", "money"), Field("kind", "choice", ("a", "b"))]),
        (["name", {"name": "tags", "type": "list"}], [Field("name"), Field("tags", "list")]),
        ({"s": {"type": "one of", "options": ["x", "y"], "description": "d"}}, [Field("s", "choice", ("x", "y"), "d")]),
    ],
)
def test_fields_in_words_and_in_json(given: Any, fields: list[Field]) -> None:
    assert list(parse(given)) == fields


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (" \n", "fields_none"),
        ("[1", "fields_json"),
        ("a, b, A", "field_twice"),
        ([{"name": "a", "type": "colour"}], "field_kind"),
        ([{"name": "a", "type": "choice"}], "field_options"),
        (["x" * 61], "field_name"),
        ([f"f{n}" for n in range(21)], "fields_many"),
    ],
)
def test_what_is_no_table_is_told(given: Any, kind: str) -> None:
    with pytest.raises(InputError) as refused:
        parse(given)
    assert refused.value.kind == kind
