"""The service under load: requests at a fixed rate, whether or not answers are late.

`crmml serve`, one process with one event loop, answers on loopback. This process sends
each request when its time has come, over 16 connections, and counts from that time, so
that a late answer makes the next ones late too. **Wall is the 99th percentile of these
latencies, CPU is the server's for one request.** Beside it stand what is promised, a
bare ASGI application in the same server that answers a constant, and, without any web,
a score by `Scorer` and by `predict_proba` of a frame of one row. 40 features, five of
them text; 300 trees. Latencies are those of a machine that does nothing else: where
others run, they wait for their turn, and CPU tells more.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks._clock import Measured
from benchmarks._common import run_alone
from benchmarks._records import Bar, Record
from crmml.models import BoostedChurnClassifier, LogisticChurnClassifier
from crmml.scoring import Scorer, load, save

TITLE = "A service under load"
SIZES = {
    "quick": {"rates": [50, 200], "seconds": 5},
    "full": {"rates": [50, 200, 400], "seconds": 20},
}
MINUTES = {"quick": 2, "full": 7}
PACKAGES = ("fastapi", "uvicorn", "starlette", "xgboost", "scikit-learn", "numpy")
PROMISE, CONSTANT = "promised: 50 ms at the 99th percentile", "uvicorn, a constant"
MODELS = {
    "boosted": lambda: BoostedChurnClassifier(n_estimators=300, n_jobs=1),
    "logistic": LogisticChurnClassifier,
}
TASKS = {
    f"POST /score, {model}, {n_reasons} reasons": (model, n_reasons)
    for model in MODELS
    for n_reasons in (0, 3)
}
BARS = tuple(
    Bar(task=task, peer=PROMISE, at_least=1.0, measure="wall", most=200)
    for task in TASKS
)

N_CUSTOMERS, N_NUMBERS, N_TEXTS = 20_000, 35, 5
N_CONNECTIONS, WARM_UP = 16, 2.0
CONSTANT_APP = """
import sys, uvicorn
ANSWER = b'{"churn_probability":0.5,"decile":null,"reasons":[]}'
HEADERS = [(b"content-type", b"application/json"),
           (b"content-length", str(len(ANSWER)).encode())]
async def app(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})
config = uvicorn.Config(app, port=0, log_level="critical", lifespan="off")
listener = config.bind_socket()
listener.listen(64)
print("listens on http://127.0.0.1:%d" % listener.getsockname()[1], file=sys.stderr)
uvicorn.Server(config).run(sockets=[listener])
"""
SERVE = "import sys; from crmml.cli import main; sys.exit(main())"


def make_data():
    """Forty features, of which five are text."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(N_CUSTOMERS, N_NUMBERS)).round(3)
    X = pd.DataFrame(numbers, columns=[f"number {i}" for i in range(N_NUMBERS)])
    for i in range(N_TEXTS):
        X[f"text {i}"] = rng.choice(list("abcdefgh"), N_CUSTOMERS)
    log_odds = X["number 0"] + X["number 1"] * (X["text 0"] < "d") - 1
    return X, rng.random(N_CUSTOMERS) < 1 / (1 + np.exp(-log_odds))


class Server:
    """A process that answers; what it has used is read from /proc."""

    def __init__(self, process, port):
        self.port = port
        self._place = Path(f"/proc/{process.pid}")

    def cpu(self):
        """Seconds so far."""
        fields = (self._place / "stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """The most it held, in gigabytes."""
        status = (self._place / "status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) * 1024 / 1e9


@contextmanager
def serve(program, *arguments):
    """Start a server, wait until it listens, and end it."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, stderr=log)
        try:
            yield Server(process, wait_for_port(process, log))
        finally:
            process.terminate()
            process.wait(30)


def wait_for_port(process, log):
    for _ in range(1_200):
        log.seek(0)
        said = log.read()
        found = re.search(r"listens on http://127\.0\.0\.1:(\d+)", said)
        if found:
            return int(found[1])
        if process.poll() is not None:
            raise RuntimeError(f"the server has ended: {said[-300:]}")
        time.sleep(0.1)
    raise RuntimeError("the server does not start")


def make_request(path, body):
    data = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


async def send_all(port, requests, rate, seconds):
    """Send at a fixed rate; give the seconds from when each was due to its answer."""
    free = asyncio.Queue()
    for _ in range(N_CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    late = []

    async def send_one(request, due):
        reader, writer = connection = await free.get()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"content-length: (\d+)", head.lower())[1])
        await reader.readexactly(length)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"not answered: {head[:20]!r}")
        late.append(time.perf_counter() - due)
        free.put_nowait(connection)

    started, tasks = time.perf_counter(), []
    for n in range(int(rate * seconds)):
        due = started + n / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(send_one(requests[n % len(requests)], due)))
    await asyncio.gather(*tasks)
    for _ in range(N_CONNECTIONS):
        (await free.get())[1].close()
    return np.array(late)


def read_machine():
    """Ticks of all cores so far: busy, and all."""
    line = Path("/proc/stat").read_text().partition("\n")[0]
    ticks = list(map(int, line.split()[1:9]))
    return np.array([sum(ticks) - ticks[3] - ticks[4], sum(ticks)])


def measure(server, requests, rate, seconds):
    """Send for a while, and give what it cost."""
    asyncio.run(send_all(server.port, requests, rate, WARM_UP))
    cpu, machine = server.cpu(), read_machine()
    late = asyncio.run(send_all(server.port, requests, rate, seconds))
    cpu = (server.cpu() - cpu) / len(late)
    busy, ticks = read_machine() - machine
    p50, p95, p99 = np.percentile(late, [50, 95, 99])
    found = {"p50 ms": 1e3 * p50, "p95 ms": 1e3 * p95, "p99 ms": 1e3 * p99}
    found |= {"CPU ms": 1e3 * cpu, "machine busy": f"{busy / ticks:.0%}"}
    costs = {"wall": float(p99), "cpu": cpu, "memory": server.memory()}
    return {**costs, "found": {name: _plain(one) for name, one in found.items()}}


def _plain(value):
    return value if isinstance(value, str) else float(value)


def report_rate(report, task, way, server, requests, rate, seconds):
    place = {"task": task, "size": rate, "unit": "requests/s"}
    costs = measure(server, requests, rate, seconds)
    rows = [Record(way=way, runs=1, **place, **costs)]
    if way == "crmml" and task in TASKS:
        found = dict.fromkeys(costs["found"], "")
        rows.append(Record(way=PROMISE, wall=0.05, found=found, **place))
    report.add(rows)


def race_alone(report, folder, record):
    """A score without a web, and what a frame of one row costs."""
    for name in MODELS:
        path = folder / f"{name}.crmml"
        model, scorer = load(path), Scorer(path)
        ways = {
            "crmml": lambda one=scorer: repeat(lambda: one.score_one(record)),
            "predict_proba of a frame": lambda one=model: repeat(
                lambda: one.predict_proba(pd.DataFrame([record]))
            ),
        }
        task = f"one customer without a web, {name}"
        report.race(task, ways, size=1, unit="customer", runs=5)


def repeat(call):
    """Measure a call that is too short for one."""
    wall, cpu, n = time.perf_counter(), time.process_time(), 100
    for _ in range(n):
        call()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Measured(None, wall / n, cpu / n)


def run(report, rates, seconds):
    X, y = make_data()
    records = X.head(1_000).to_dict("records")
    requests = [make_request("/score", {"record": one}) for one in records]
    batches = [
        make_request("/score/batch", {"records": records[i : i + 100]})
        for i in range(0, len(records), 100)
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for model, make in MODELS.items():
            save(make().fit(X, y), folder / f"{model}.crmml")
        with serve(CONSTANT_APP) as server:
            for rate in rates:
                given = (server, requests, rate, seconds)
                report_rate(report, CONSTANT, CONSTANT, *given)
        for task, (model, n_reasons) in TASKS.items():
            path, n = folder / f"{model}.crmml", n_reasons
            with serve(SERVE, "serve", path, "--port", 0, "--reasons", n) as server:
                for rate in rates:
                    given = (server, requests, rate, seconds)
                    report_rate(report, task, "crmml", *given)
                if n_reasons == 0:
                    task = f"POST /score/batch, {model}, 100 customers"
                    report_rate(report, task, "crmml", server, batches, 10, seconds)
        race_alone(report, folder, records[0])


if __name__ == "__main__":
    run_alone(__file__)
