"""The road from files to decisions on the command line, as the example shows it."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from crmml.cli import _commands, _run_monitor, _run_report, main
from crmml.datasets import make_customers
from crmml.pipeline import ChurnPipeline
from crmml.scoring import load, read_scores

EXAMPLE = Path(__file__).parents[2] / "examples/crm.toml"
SHOP = make_customers(700, random_state=4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the example and the files that it names, and a trained model."""
    path = tmp_path_factory.mktemp("crm")
    shutil.copy(EXAMPLE, path / "crm.toml")
    lines = SHOP.transactions.assign(product_id=SHOP.transactions["order_id"] % 5)
    lines.to_parquet(path / "orders.parquet")
    SHOP.customers.to_parquet(path / "customers.parquet")
    SHOP.complaints.to_parquet(path / "complaints.parquet")
    assert main(["train", str(path / "crm.toml"), "--out", str(path / "m.crmml")]) == 0
    return path


def run(folder, *arguments):
    return main([str(folder / one) if "." in one[2:] else one for one in arguments])


def name_files(folder):
    files = ("transactions", "orders"), ("customers",) * 2, ("complaints",) * 2
    return [f"--{table}={folder / name}.parquet" for table, name in files]


def test_the_trained_model_is_that_of_the_library(folder):
    model = load(folder / "m.crmml")
    assert isinstance(model, ChurnPipeline)
    tables = SHOP.to_tables()
    again = ChurnPipeline(
        features=model.features, label=model.label, classifier=model.classifier
    ).fit(tables, ["2024-02-01", "2024-04-01", "2024-06-01"])
    expected = again.predict_proba(tables, "2024-10-01")
    assert (model.predict_proba(tables, "2024-10-01") == expected).all()


def test_score_needs_only_the_model_and_files(folder, capsys):
    out = folder / "scores.parquet"
    arguments = ["--cutoff", "2024-12-01", "--out", str(out), "--reasons", "1"]
    assert (
        main(["score", str(folder / "m.crmml"), *name_files(folder), *arguments]) == 0
    )
    done = json.loads(capsys.readouterr().out)
    found = read_scores(out)
    expected = load(folder / "m.crmml").predict(
        SHOP.to_tables(), "2024-12-01", n_reasons=1
    )
    pd.testing.assert_frame_equal(
        found.astype(object), expected.astype(object), check_exact=True
    )
    assert done["customers"]["scored"] == len(found)


def test_backtest_and_check_print_tables_and_a_verdict(folder, capsys):
    assert run(folder, "backtest", "crm.toml") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "rule:" in shown
    assert "95 % interval" in shown
    assert run(folder, "check", "crm.toml") == 0
    assert "transactions: " in capsys.readouterr().out


def test_explain_prints_reasons_in_chinese(folder, capsys):
    arguments = ["--cutoff", "2024-12-01", "--language", "zh", "--top", "2"]
    model = str(folder / "m.crmml")
    assert main(["explain", model, *name_files(folder), *arguments]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert len([line for line in shown if line[0] == "0"]) == 2
    assert all("流失风险" in line for line in shown if line[0] == " ")


@pytest.mark.parametrize("command", ["segment", "value"])
def test_results_of_a_cutoff_are_written(folder, command, capsys):
    out = folder / f"{command}.csv"
    arguments = ["--cutoff", "2024-12-01", "--out", str(out)]
    assert main([command, str(folder / "crm.toml"), *arguments]) == 0
    assert len(read_scores(out)) > 500
    assert capsys.readouterr().out


def test_rules_are_written_as_text(folder, capsys):
    shop = pd.read_parquet(folder / "orders.parquet")
    shop.assign(order_id=shop["order_id"] // 3).to_parquet(folder / "orders.parquet")
    out = folder / "rules.csv"
    assert main(["rules", str(folder / "crm.toml"), "--out", str(out)]) == 0
    assert "rules of" in capsys.readouterr().out
    assert "antecedents" in out.read_text("utf-8-sig")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("[segments]", "[segment]"), "unknown keys ['segment']"),
        (("RFM", "RMF"), "no 'RMF'; there are"),
        (("observed_until", "observed_untill"), "unknown keys ['observed_untill']"),
        (("amount = ", "paid = "), "[tables.transactions] has unknown keys"),
        (("[churn]", "[churn"), "is not TOML"),
        (("orders.parquet", "none.parquet"), "none.parquet"),
        (('customer_id = "customer_id"', "#"), "needs customer_id"),
        (('kind = "Inactivity", horizon', 'kind = "Inactivity", gap'), "needs horizon"),
        (('["RFM", "Tenure"', '["RFM", 5'), "must be a name"),
        (("postgresql:shop.orders", "x"), None),
    ],
)
def test_mistakes_in_the_file_are_named_in_one_line(
    tmp_path, folder, change, message, capsys
):
    for name in ("customers", "complaints", "orders"):
        shutil.copy(folder / f"{name}.parquet", tmp_path)
    text = EXAMPLE.read_text("utf-8").replace(*change)
    (tmp_path / "crm.toml").write_text(text, encoding="utf-8")
    code = main(["backtest", str(tmp_path / "crm.toml")])
    if message is None:
        assert code == 0
        return
    assert code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_a_missing_file_or_folder_is_an_error_of_reading_or_writing(folder, capsys):
    assert main(["check", str(folder / "none.toml")]) == 3
    arguments = ["--out", str(folder / "none" / "m.crmml")]
    assert main(["train", str(folder / "crm.toml"), *arguments]) == 3
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_a_table_that_the_model_needs_is_asked_for(folder, capsys):
    arguments = ["--cutoff", "2024-12-01", "--out", str(folder / "x.parquet")]
    model = str(folder / "m.crmml")
    assert main(["score", model, name_files(folder)[0], *arguments]) == 2
    assert "give a file for each" in capsys.readouterr().err


def test_passwords_stay_out_of_the_file(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("CRMML_DATABASE_URL", raising=False)
    text = EXAMPLE.read_text("utf-8").replace(
        'data = "orders.parquet"', 'data = "postgresql:shop.orders"'
    )
    (tmp_path / "crm.toml").write_text(text, encoding="utf-8")
    assert main(["check", str(tmp_path / "crm.toml")]) == 2
    assert "CRMML_DATABASE_URL" in capsys.readouterr().err


def test_an_input_is_not_written_over(folder, capsys):
    data = (folder / "customers.parquet").read_bytes()
    out = str(folder / "customers.parquet")
    arguments = ["--cutoff", "2024-12-01", "--out", out]
    assert main(["segment", str(folder / "crm.toml"), *arguments]) == 2
    assert "would replace" in capsys.readouterr().err
    assert main(["train", str(folder / "crm.toml"), "--out", str(folder)]) == 3
    config = str(folder / "crm.toml")
    assert main(["train", config, "--out", config]) == 2
    assert (folder / "customers.parquet").read_bytes() == data


def test_a_database_that_is_not_there_is_an_error_of_reading(
    tmp_path, capsys, monkeypatch
):
    pytest.importorskip("psycopg", reason="the extra postgres is not installed")
    monkeypatch.setenv("CRMML_DATABASE_URL", "postgresql://me:secret@127.0.0.1:1/x")
    text = EXAMPLE.read_text("utf-8").replace(
        'data = "orders.parquet"', 'data = "postgresql:shop.orders"'
    )
    (tmp_path / "crm.toml").write_text(text, encoding="utf-8")
    assert main(["check", str(tmp_path / "crm.toml")]) == 3
    assert "secret" not in capsys.readouterr().err


def test_a_traceback_keeps_the_exit_code(folder, capsys):
    assert main(["check", str(folder / "none.toml"), "--traceback"]) == 3
    assert "Traceback" in capsys.readouterr().err


WRITING = {
    "train": ["crm.toml"],
    "segment": ["crm.toml", "--cutoff", "2024-12-01"],
    "rules": ["crm.toml"],
    "value": ["crm.toml", "--cutoff", "2024-12-01"],
    "report": ["crm.toml", "--cutoff", "2024-12-01"],
    "score": ["m.crmml", "--cutoff", "2024-12-01"],
    "monitor": ["m.crmml", "--cutoff", "2024-12-01"],
}


@pytest.mark.parametrize("command", WRITING)
@pytest.mark.parametrize("place", ["/proc", "no/such/folder"])
def test_what_cannot_be_written_is_refused_before_the_work(
    folder, command, place, capsys, monkeypatch
):
    def work(*_, **__):
        raise AssertionError("tables were opened")

    if place == "/proc" and not Path(place).is_dir():
        pytest.skip("this system has no /proc")
    monkeypatch.chdir(folder)
    for module in (_commands, _run_report):
        monkeypatch.setattr(module, "open_tables", work)
    for module in (_commands, _run_monitor):
        monkeypatch.setattr(module, "open_model_tables", work)
    suffix = {"monitor": ".json"}.get(command, ".csv")
    arguments = [*WRITING[command], "--out", f"{place}/x{suffix}"]
    assert main([command, *arguments]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"crmml: out='{place}/x{suffix}': ")


def test_a_folder_that_cannot_be_made_is_refused_before_the_demo(capsys):
    if not Path("/proc").is_dir():
        pytest.skip("this system has no /proc")
    assert main(["demo", "--out", "/proc/x"]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("crmml: '/proc/x': no folder can be made there")


def test_a_file_in_gbk_is_read_beside_one_in_utf_8(folder, tmp_path, capsys):
    english = ("customer_id", "timestamp", "amount", "order_id")
    chinese = dict(zip(english, ("客户", "时间", "金额", "订单"), strict=True))
    orders = SHOP.transactions.rename(columns=chinese)
    orders.to_csv(tmp_path / "orders.csv", index=False, encoding="gbk")
    people = SHOP.customers.rename(columns={"customer_id": "客户"})
    people.to_csv(tmp_path / "people.csv", index=False, encoding="utf-8")
    (tmp_path / "crm.toml").write_text(
        "[tables.transactions]\ndata = 'orders.csv'\nencoding = 'gbk'\n"
        + "".join(f"{role} = '{name}'\n" for role, name in chinese.items())
        + "[tables.customers]\ndata = 'people.csv'\ncustomer_id = '客户'\n"
        + "[churn]\nfeatures = ['RFM']\nlabel = {kind = 'Inactivity', horizon = '60D'}"
        + "\ntrain = ['2024-06-01']\n",
        encoding="utf-8",
    )
    model = str(tmp_path / "m.crmml")
    assert main(["train", str(tmp_path / "crm.toml"), "--out", model]) == 0
    files = [f"--transactions={tmp_path}/orders.csv", "--cutoff=2024-12-01"]
    explain = ["explain", model, *files, f"--customers={tmp_path}/people.csv"]
    assert main(explain) == 2
    assert main([*explain, "--encoding", "gbk"]) == 2
    assert main([*explain, "--encoding", "transactions=gbk"]) == 0
    assert "%" in capsys.readouterr().out
    assert main([*explain, "--encoding", "surveys=gbk"]) == 2
    assert "no --surveys is given" in capsys.readouterr().err


@pytest.mark.filterwarnings("always::crmml.exceptions.DataQualityWarning")
@pytest.mark.parametrize("command", ["check", "backtest", "segment", "value"])
def test_every_command_says_warnings_in_a_line(folder, tmp_path, command, capsys):
    orders = pd.read_parquet(folder / "orders.parquet")
    orders.loc[:5, "customer_id"] = None
    orders.to_parquet(tmp_path / "orders.parquet")
    arguments = [str(folder / "crm.toml"), f"--transactions={tmp_path}/orders.parquet"]
    if command in ("segment", "value"):
        arguments += ["--cutoff=2024-12-01", f"--out={tmp_path}/x.csv"]
    assert main([command, *arguments]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines
    assert all(line.startswith("crmml: warning: ") for line in lines)


def test_tables_that_are_a_folder_or_have_no_rows_are_told(folder, tmp_path, capsys):
    config = str(folder / "crm.toml")
    assert main(["check", config, f"--transactions={tmp_path}"]) == 2
    assert "is a folder. Name a file in it" in capsys.readouterr().err
    empty = tmp_path / "empty.parquet"
    pd.read_parquet(folder / "orders.parquet").head(0).to_parquet(empty)
    assert main(["check", config, f"--transactions={empty}"]) == 0
    shown = capsys.readouterr().out
    assert "What looks wrong: 1 finding " in shown
    # Columns are as narrow as the terminal asks for.
    assert {"without", "rows"} <= set(shown.split())
