"""CSV files are read as text, strictly, in the encoding that was declared."""

import traceback

import pytest

from crmml.exceptions import SchemaError
from crmml.features import RFM
from crmml.tables import CustomerTables, Transactions, make_spine

ROLES = {"customer_id": "id", "timestamp": "at"}


@pytest.fixture
def declare(tmp_path):
    """Write text, or bytes, to a CSV file and declare it as transactions."""

    def write(content, *, encoding="utf-8", written_as=None, **roles):
        if isinstance(content, str):
            content = content.encode(written_as or encoding)
        path = tmp_path / "sales.csv"
        path.write_bytes(content)
        return CustomerTables(
            transactions=Transactions(path, encoding=encoding, **(roles or ROLES)),
            observed_until="2025-01-01",
        )

    return write


def ids(tables):
    return make_spine(tables, "2024-06-01")["customer_id"].tolist()


def test_text_stays_as_it_stands(declare):
    words = ["007", "7", " 7", "NA", "null", "None", "nan", "N/A", "-", "1e5", "TRUE"]
    rows = "".join(f"{word},2024-01-01\n" for word in words)
    assert ids(declare(f"id,at\n{rows}")) == sorted(words)


def test_only_the_empty_field_is_missing(declare):
    with pytest.warns(UserWarning, match="2 of 3 rows have no id"):
        tables = declare('id,at\n,2024-01-01\n"",2024-01-01\n" ",2024-01-01\n')
    assert ids(tables) == [" "]


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-16", "utf-8"])
def test_chinese_names_of_columns_and_customers(declare, encoding):
    roles = {"customer_id": "客户编号", "timestamp": "日期", "amount": "金额"}
    tables = declare(
        "客户编号,日期,金额\n张三,2024-01-01,9.50\n李四,2024-01-02,1\n",
        encoding=encoding,
        **roles,
    )
    spend = RFM().fit_transform(tables, "2024-06-01")["total_spend"]
    assert spend.to_dict() == {"张三": 9.5, "李四": 1.0}


@pytest.mark.parametrize("encoding", ["utf-8", "UTF8", "utf-8-sig", "Utf_8"])
def test_a_byte_order_mark_is_no_part_of_the_header(declare, encoding):
    content = b"\xef\xbb\xbf" + "id,at\n客,2024-01-01\n".encode()
    assert ids(declare(content, encoding=encoding)) == ["客"]


def test_western_files_need_their_encoding(declare):
    assert ids(declare("id,at\nMüller,2024-01-01\n", encoding="cp1252")) == ["Müller"]


@pytest.mark.parametrize(
    ("encoding", "written_as", "header"),
    [
        ("utf-8", "gbk", "客户"),
        ("utf-8", "gbk", "id"),
        ("utf-8", "utf-16", "id"),
        ("gbk", "utf-8-sig", "id"),
        ("ascii", "utf-8", "id"),
    ],
)
def test_a_wrong_encoding_is_an_error_that_names_the_file(
    declare, encoding, written_as, header
):
    with pytest.raises(SchemaError) as caught:
        declare(
            f"{header},at\n客户甲,2024-01-01\n",
            encoding=encoding,
            written_as=written_as,
            customer_id=header,
            timestamp="at",
        )
    assert "transactions: sales.csv is not encoded as" in str(caught.value)
    assert "encoding='gbk'" in str(caught.value)


@pytest.mark.parametrize("encoding", ["no-such-encoding", None, 7])
def test_an_unknown_encoding_is_named(declare, encoding):
    with pytest.raises(SchemaError, match="Python knows no encoding"):
        declare(b"id,at\n", encoding=encoding)


SECRET = "secret-name"


@pytest.mark.parametrize(
    ("content", "line", "rule"),
    [
        (
            f"id,at\na,2024-01-01\n{SECRET},2024-01-01,9\n",
            3,
            "expected 2 fields, got 3",
        ),
        (f"id,at\na,2024-01-01\n{SECRET}\n", 3, "expected 2 fields, got 1"),
        # Lines are counted as an editor counts them, blank and quoted ones too.
        (f'id,at\n\n"a\nb",2024-01-01\n{SECRET},1,2\n', 5, "expected 2 fields, got 3"),
        (
            f'id,at\na,2024-01-01\n"{SECRET},2024-01-01\nb,2024-01-01\n',
            4,
            "end of data",
        ),
        (f'id,at\na,2024-01-01\nb,"{SECRET}\n', 3, "end of data"),
    ],
    ids=["long", "short", "after quotes", "unclosed", "unclosed at the end"],
)
def test_irregular_lines_are_refused_by_number(declare, content, line, rule):
    with pytest.raises(SchemaError) as caught:
        declare(content)
    message = str(caught.value)
    assert f"sales.csv is not a regular CSV file in line {line}: " in message
    assert rule in message
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_an_unclosed_quote_does_not_swallow_the_customers_after_it(declare):
    """In a column that nobody declared, and with every row as long as the header."""
    with pytest.raises(SchemaError, match="line 4"):
        declare('id,at,note\na,2024-01-01,"fine"\nb,2024-01-01,"oh\nc,2024-01-01,x\n')


def test_an_inch_sign_is_no_open_quote(declare):
    assert ids(declare('id,at,note\na,2024-01-01,5" nail\nb,2024-01-01,x\n')) == [
        "a",
        "b",
    ]


def test_quoted_fields_hold_commas_quotes_and_line_ends(declare):
    content = 'id,at,"a\nnote"\r\n"a,""b""\nc",2024-01-01,"x,\ny"\r\n'
    assert ids(declare(content)) == ['a,"b"\nc']


@pytest.mark.parametrize("content", ["id,at\n", "id,at", "id,at\n\n", '"id","at"\r\n'])
def test_a_header_alone_is_an_empty_table(declare, content):
    assert declare(content).extents["transactions"].n_rows == 0


@pytest.mark.parametrize("content", ["", "\n", "\nid,at\na,2024-01-01\n"])
def test_a_file_without_a_header_is_refused(declare, content):
    with pytest.raises(SchemaError, match=r"sales\.csv has no header"):
        declare(content)


def test_columns_that_stand_twice_are_refused(declare):
    with pytest.raises(SchemaError, match=r"columns \['at'\] appear more than once"):
        declare("id,at,at\n")


@pytest.mark.parametrize(
    "bad",
    ["1.355,90", "1_000", "0x1F", "true", "inf", "NaN", "12 EUR", "", "--1", "1e"],
)
def test_amounts_that_are_no_plain_numbers_are_counted_and_refused(declare, bad):
    with pytest.raises(SchemaError) as caught:
        declare(
            f'id,at,paid\na,2024-01-01,1\na,2024-01-01,"{bad}"\n',
            customer_id="id",
            timestamp="at",
            amount="paid",
        )
    message = str(caught.value)
    assert message.startswith("transactions: column 'paid' (amount)")
    assert " 1 " in message
    assert not bad or bad not in message


def test_amounts_are_read_to_the_cent(declare):
    texts = ["12.50", " 12.5 ", "+12.5", "1.25e1", "-12.50", ".5", "5."]
    rows = "".join(f"a,2024-01-01,{text}\n" for text in texts)
    tables = declare(
        f"id,at,paid\n{rows}", customer_id="id", timestamp="at", amount="paid"
    )
    assert RFM().fit_transform(tables, "2024-06-01")["total_spend"].item() == 43.0


def test_several_files_are_one_table(tmp_path):
    (tmp_path / "1.csv").write_text("id,at\na,2024-01-01\n")
    (tmp_path / "2.csv").write_text("at,id\n2024-01-01,b\n")
    tables = CustomerTables(
        transactions=Transactions(str(tmp_path / "*.csv"), **ROLES),
        observed_until="2025-01-01",
    )
    assert ids(tables) == ["a", "b"]
    (tmp_path / "3.csv").write_text("at,name\n")
    with pytest.raises(SchemaError, match=r"header of 3\.csv differs from that of 1"):
        Transactions(str(tmp_path / "*.csv"), **ROLES)
