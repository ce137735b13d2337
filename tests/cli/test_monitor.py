"""`crmml monitor` prints what moved and ends with a code that a scheduler acts on."""

import json
import subprocess
import sys

import pandas as pd
import pytest

from crmml.cli import main
from crmml.datasets import make_customers
from crmml.features import RFM
from crmml.labels import Inactivity
from crmml.models import LogisticChurnClassifier
from crmml.pipeline import ChurnPipeline
from crmml.scoring import save, score
from crmml.tables import CustomerTables, Transactions

CUTOFF = "2024-03-01"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("watch")
    lines = make_customers(2000, random_state=2).transactions
    lines = lines.rename(columns={"amount": "金额"})
    lines.to_parquet(path / "orders.parquet")
    lines.assign(金额=lines["金额"] * 9).to_parquet(path / "dear.parquet")
    tables = CustomerTables(
        transactions=Transactions(
            str(path / "orders.parquet"),
            customer_id="customer_id",
            timestamp="timestamp",
            amount="金额",
            order_id="order_id",
        )
    )
    churn = ChurnPipeline(
        features=RFM(windows="90D"),
        label=Inactivity("60D"),
        classifier=LogisticChurnClassifier(),
    ).fit(tables, CUTOFF)
    save(churn, path / "m.crmml", tables=tables)
    save(churn, path / "bare.crmml")
    score(path / "m.crmml", tables, "2024-05-01", path / "s.parquet")
    return path


def run(folder, orders, *arguments, cutoff=CUTOFF, model="m.crmml"):
    lines = f"--transactions={folder / orders}.parquet"
    return main(["monitor", str(folder / model), lines, "--cutoff", cutoff, *arguments])


def test_stable_customers_end_with_0(folder, capsys):
    assert run(folder, "orders") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "stable: none of 4 columns moved." in shown
    assert "in a training snapshot." in shown


def test_a_large_shift_ends_with_11_and_is_named(folder, capsys):
    out = folder / "verdict.json"
    assert run(folder, "dear", "--out", str(out)) == 11
    shown = " ".join(capsys.readouterr().out.split())
    assert "act: large shift: " in shown
    assert "total_spend_90d" in shown
    found = json.loads(out.read_text("utf-8"))
    assert found["exit_code"] == 11
    assert found["verdict"] in shown


def test_the_code_is_true_where_nobody_reads(folder):
    lines = f"--transactions={folder / 'dear.parquet'}"
    command = [sys.executable, "-c", "from crmml.cli import main; exit(main())"]
    arguments = ["monitor", str(folder / "m.crmml"), lines, "--cutoff", CUTOFF]
    ended = subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    # Tables are printed to a reader who is gone.
    ended.stdout.close()
    assert ended.stderr.read() == b""
    ended.stderr.close()
    assert ended.wait() == 11


def test_ignored_features_are_shown_as_such(folder, capsys):
    assert run(folder, "dear", "--ignore", "total_spend_90d", "score") == 2
    assert "ignore names 1 features" in capsys.readouterr().err
    code = run(folder, "dear", "--ignore", "total_spend_90d")
    assert "ignored" in capsys.readouterr().out
    assert code in {0, 10, 11}


def test_outcomes_are_shown(folder, capsys):
    run(folder, "orders", "--scores", str(folder / "s.parquet"), cutoff="2024-09-01")
    shown = capsys.readouterr().out
    assert "What became of" in shown
    assert "observed_to_predicted" in " ".join(shown.split()).replace(" to ", "_to_")


def test_features_take_the_place_of_tables(folder, capsys, tmp_path):
    X = pd.DataFrame({"n": [1.0, 2.0] * 500, "plan": ["a", "b"] * 500})
    classifier = LogisticChurnClassifier().fit(X, [1, 0, 1, 1] * 250)
    save(classifier, tmp_path / "m.crmml", tables=X)
    X.to_parquet(tmp_path / "t.parquet")
    features = ["--features", str(tmp_path / "*.parquet")]
    assert main(["monitor", str(tmp_path / "m.crmml"), *features]) == 0
    X[:10].to_parquet(tmp_path / "t.parquet")
    assert main(["monitor", str(tmp_path / "m.crmml"), *features]) == 11
    capsys.readouterr()
    assert main(["monitor", str(tmp_path / "m.crmml"), *features, "--cutoff", "x"]) == 2
    assert "leave out --cutoff" in capsys.readouterr().err
    for name in ("--scores-cutoff", "--observed-until"):
        asked = ["monitor", str(tmp_path / "m.crmml"), *features, name, "2024-01-01"]
        assert main(asked) == 2
        assert f"leave out {name}." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--cutoff", CUTOFF], 2, "give a file for each"),
        ([], 2, "Give --cutoff and tables, or --features."),
    ],
)
def test_what_is_missing_is_said_in_one_line(folder, capsys, arguments, code, message):
    assert main(["monitor", str(folder / "m.crmml"), *arguments]) == code
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_model_without_a_reference_is_refused(folder, capsys):
    assert run(folder, "orders", model="bare.crmml") == 2
    capsys.readouterr()
    assert main(["monitor", str(folder / "none.crmml"), "--features", "x"]) == 3


def test_help_names_the_exit_codes(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["monitor", "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    for line in ("0  stable", "10  watch", "11  act", "12  cannot tell"):
        assert line in shown
