"""Spark and PostgreSQL, started for the tests where they are installed."""

import io
import os
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pytest

from crmml.tables import (
    Complaints,
    Customers,
    CustomerTables,
    DatabaseTable,
    Events,
    Surveys,
    Transactions,
)

ZONE = "America/New_York"
"""Of the sessions; clocks go forward on 2024-03-10, in the middle of the data."""
CLASSIC_SETTINGS = {
    "spark.sql.session.timeZone": ZONE,
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    # Tables are tiny: translating plans to machine code would take all the time.
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}


@pytest.fixture(scope="session")
def spark():
    """A session of Spark in this machine, in a zone with clocks that change."""
    pyspark = pytest.importorskip("pyspark", reason="pyspark is not installed")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("Spark needs Java, which is not installed")
    builder = pyspark.sql.SparkSession.builder.master("local[1]")
    for name, value in CLASSIC_SETTINGS.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


def _find_postgres():
    """The folder of PostgreSQL's programs, the newest first."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    on_path = shutil.which("initdb")
    return next(iter([*found, *([Path(on_path)] if on_path else [])]), None)


@pytest.fixture(scope="session")
def connection():
    """A connection to a database server of our own, which is gone afterwards."""
    psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed")
    initdb = _find_postgres()
    if initdb is None:
        pytest.skip("PostgreSQL's server is not installed")
    # The server does not run as root; its package makes this user.
    user = "postgres" if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="crmml-postgres-"))
    if user:
        shutil.chown(folder, user)

    def run(program, *arguments):
        subprocess.run(
            [initdb.with_name(program), "-D", folder / "data", *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            user=user,
            cwd=folder,
        )

    options = {
        "listen_addresses": "",
        "unix_socket_directories": folder,
        "fsync": "off",
        "timezone": ZONE,
    }
    flags = " ".join(f"-c {name}='{value}'" for name, value in options.items())
    encoding = ["-E", "UTF8", "--locale=C.UTF-8"]
    run("initdb", "-U", "tester", "--auth=trust", "--no-sync", *encoding)
    run("pg_ctl", "start", "-w", "-l", folder / "log", "-o", flags)
    try:
        with psycopg.connect(host=str(folder), user="tester", dbname="postgres") as one:
            yield one
    finally:
        run("pg_ctl", "stop", "-m", "immediate")
        shutil.rmtree(folder)


def to_spark(session, frame):
    """Hand a frame to Spark, with instants of the kind that it has."""
    texts = frame.copy()
    casts = []
    for name, dtype in frame.dtypes.items():
        quoted = f"`{name}`"
        if pd.api.types.is_datetime64_any_dtype(dtype):
            is_aware = isinstance(dtype, pd.DatetimeTZDtype)
            target = "timestamp" if is_aware else "timestamp_ntz"
            # Spark would shift instants without a zone on their way in.
            texts[name] = frame[name].map(str, na_action="ignore").astype("string")
            quoted = f"cast({quoted} as {target}) as {quoted}"
        casts.append(quoted)
    rows = pa.Table.from_pandas(texts, preserve_index=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return session.createDataFrame(rows).selectExpr(*casts)


_POSTGRES_TYPES = [
    (pa.types.is_int64, "bigint"),
    (pa.types.is_floating, "double precision"),
    (lambda kind: pa.types.is_timestamp(kind) and kind.tz, "timestamptz"),
    (pa.types.is_timestamp, "timestamp"),
    (pa.types.is_date, "date"),
    (pa.types.is_boolean, "boolean"),
]


def to_postgres(connection, frame, name):
    """Write a frame into a table of the database."""
    rows = pa.Table.from_pandas(frame, preserve_index=False)
    kinds = {
        field.name: next((t for fits, t in _POSTGRES_TYPES if fits(field.type)), "text")
        for field in rows.schema
    }
    columns = ", ".join(f'"{column}" {kind}' for column, kind in kinds.items())
    connection.execute(f'drop table if exists "{name}"')
    connection.execute(f'create table "{name}" ({columns})')
    buffer = io.BytesIO()
    pa.csv.write_csv(rows, buffer, pa.csv.WriteOptions(include_header=False))
    target = f'copy "{name}" from stdin (format csv)'
    with connection.cursor() as cursor, cursor.copy(target) as copy:
        copy.write(buffer.getbuffer())
    connection.commit()
    return DatabaseTable(connection, f'"{name}"')


@pytest.fixture(params=["spark", "postgres"])
def engine(request):
    """The name of an engine outside this process."""
    return request.param


@pytest.fixture
def carry(engine, request):
    """Hand a frame to that engine, and return what is given as data."""
    if engine == "spark":
        session = request.getfixturevalue("spark")
        return lambda frame, name: to_spark(session, frame)
    connection = request.getfixturevalue("connection")
    return lambda frame, name: to_postgres(connection, frame, f"{name} 表")


KINDS = {
    "transactions": Transactions,
    "complaints": Complaints,
    "surveys": Surveys,
    "events": Events,
    "customers": Customers,
}


def declare_frames(frames, carry=lambda frame, name: frame, **kwargs):
    given = {}
    for name, frame in frames.items():
        kind = KINDS[name]
        roles = {role: role for role in kind.kinds if role in list(frame.columns)}
        given[name] = kind(carry(frame, name), **roles)
    kwargs.setdefault("observed_until", "2024-04-01")
    return CustomerTables(**given, **kwargs)


@pytest.fixture(scope="session")
def declare():
    """Declare frames, or what they are carried to, as customer tables."""
    return declare_frames


@pytest.fixture
def run_statement(engine, request):
    """Run the statement of a builder in an engine, over the tables that lie there."""

    def run(features, here, there, cutoffs):
        if engine == "postgres":
            # The tables say themselves what they are called.
            statement = features.to_sql(there, cutoffs, dialect=engine)
            cursor = request.getfixturevalue("connection").execute(statement)
            names = [column.name for column in cursor.description]
            return pd.DataFrame(cursor.fetchall(), columns=names)
        session = request.getfixturevalue("spark")
        names = {name: f"own_{name}" for name in there.columns}
        for name in names:
            there.table(name).data.createOrReplaceTempView(names[name])
        statement = features.to_sql(here, cutoffs, dialect=engine, names=names)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows = session.sql(statement).toArrow()
        for name in names:
            session.catalog.dropTempView(names[name])
        return rows.to_pandas()

    return run


DAY = pd.Timedelta(1, "D")
CUTOFFS = [pd.Timestamp("2024-03-08"), pd.Timestamp("2024-03-11T12:00")]
WINDOW = "7D"


def _instants(rng, n):
    """Half of them on the edges of windows, a microsecond before and after."""
    edges = [cutoff - days * DAY for cutoff in CUTOFFS for days in (0, 1, 7, 14)]
    edges += [cutoff + days * DAY for cutoff in CUTOFFS for days in (3, 10)]
    on_edge = pd.DatetimeIndex(rng.choice(edges, n)) + pd.to_timedelta(
        rng.integers(-1, 2, n), unit="us"
    )
    anywhere = pd.Timestamp("2024-02-10") + pd.to_timedelta(
        rng.integers(0, 45 * 86_400_000_000, n), unit="us"
    )
    return pd.DatetimeIndex(np.where(rng.random(n) < 0.5, on_edge, anywhere))


def _sometimes(rng, values, share=0.7):
    return pd.Series(values).where(rng.random(len(values)) < share)


def make_frames(*, seed, kind, is_recorded=False):
    """Small tables with ties, edges, single events, customers without, and gaps."""
    rng = np.random.default_rng(seed)
    people = {
        "text": ["a", "B", "007", "7", "客户", "O'Brien", "", 'x"y', "é\\", " a"],
        "integer": [1, 2, 2**53 + 1, -5, 7, 70, 700, 8, 9, 10],
    }[kind]
    weights = np.array([6, 6, 5, 4, 4, 3, 2, 2, 0, 0], float)

    def who(n):
        # One customer with a single event; the last two have none.
        picked = rng.choice(7, n, p=weights[:7] / weights[:7].sum())
        picked[0] = 7
        return pd.Series([people[i] for i in picked])

    def log(n, **columns):
        frame = pd.DataFrame({"customer_id": who(n), "timestamp": _instants(rng, n)})
        if is_recorded:
            later = rng.choice([0, 1, 3 * 86_400_000_000, 9 * 86_400_000_000], n)
            known = frame["timestamp"] + pd.to_timedelta(later, unit="us")
            frame["recorded_at"] = _sometimes(rng, known, 0.9)
        return frame.assign(**columns)

    def cents(n):
        return rng.integers(-3_000, 6_000, n) / 100

    n = 90
    frames = {
        "transactions": log(
            n,
            amount=cents(n),
            order_id=_sometimes(rng, rng.choice(["1", "2", "单", "4"], n)),
            product_id=_sometimes(rng, rng.integers(1, 5, n)).astype("Int64"),
            category=_sometimes(rng, rng.choice(["tea", "茶杯", "O'Brien"], n)),
            discount=_sometimes(rng, cents(n)),
        ),
        "complaints": log(20, resolved_at=_sometimes(rng, _instants(rng, 20))),
        "surveys": log(
            20, score=_sometimes(rng, cents(20)), expectation=_sometimes(rng, cents(20))
        ),
        "events": log(
            20,
            event_type=_sometimes(rng, rng.choice(["login", "来电", 'x"y'], 20)),
            value=_sometimes(rng, cents(20)),
        ),
        "customers": pd.DataFrame(
            {
                "customer_id": people,
                "joined_at": _sometimes(rng, _instants(rng, 10)),
                "left_at": _sometimes(rng, _instants(rng, 10), 0.4),
                "city": _sometimes(rng, rng.choice(["北京", "Rio", ""], 10)),
                "income": _sometimes(rng, cents(10)),
                "is_vip": _sometimes(rng, rng.random(10) < 0.5).astype("boolean"),
                "card_at": _sometimes(rng, _instants(rng, 10)),
            }
        ),
    }
    first = pd.Timestamp("2024-01-01T00:00:00.000001")
    frames["transactions"].loc[0, "timestamp"] = first
    return frames


@pytest.fixture(scope="session")
def frames():
    """Make small tables as frames."""
    return make_frames
