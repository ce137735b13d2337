import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmml.plotting._line_breaks import break_lines, measure_text


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("short", ["short"]),
        ("more n_orders, less total", ["more", "n_orders,", "less total"]),
        ("n_total_spend", ["n_total_", "spend"]),
        ("unbreakablyLong", ["unbreakablyLong"]),
        ("订单总金额（含税），元", ["订单总金额", "（含税），", "元"]),
        ("more 订单总金额", ["more", "订单总金额"]),
    ],
)
def test_lines_end_where_a_reader_expects_it(text, lines):
    assert break_lines(text, 10).split("\n") == lines


@given(st.text("订单金额，）_ ab", max_size=40), st.integers(4, 20))
def test_nothing_is_lost_and_chinese_lines_fit(text, width):
    broken = break_lines(text, width)
    assert broken.replace("\n", "").replace(" ", "") == text.replace(" ", "")
    if not set(text) & set("，） ab_"):
        assert all(measure_text(line) <= width for line in broken.split("\n"))
