"""The service under load: requests at a fixed rate, whether or not answers are late.

    python benchmarks/bench_service.py                # 200 requests/s for 20 s
    python benchmarks/bench_service.py 400 10         # another rate, other seconds

One `crmml serve` (one process, one event loop) answers on loopback; this process sends
each request when its time has come, over 16 connections, and counts from that time, so
that a late answer makes the next ones late too. Beside the service: the same model in a
bare ASGI application that answers nothing but a constant, which is the cost of the
server, and a request of scikit-learn's way, a frame of one row.
"""

import asyncio
import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

N_CUSTOMERS, N_NUMBERS, N_TEXTS, N_TREES = 20_000, 35, 5, 300
N_CONNECTIONS = 16
WARM_UP = 2.0


def make_data():
    """40 features, five of them text."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        rng.normal(size=(N_CUSTOMERS, N_NUMBERS)).round(3),
        columns=[f"number_{i}" for i in range(N_NUMBERS)],
    )
    for i in range(N_TEXTS):
        X[f"text_{i}"] = rng.choice(list("abcdefgh"), N_CUSTOMERS)
    log_odds = X["number_0"] + X["number_1"] * (X["text_0"] < "d") - 1
    return X, rng.random(N_CUSTOMERS) < 1 / (1 + np.exp(-log_odds))


def train(folder):
    """Save models; return the records to send."""
    from crmml.models import BoostedChurnClassifier, LogisticChurnClassifier
    from crmml.scoring import save

    X, y = make_data()
    models = {
        "boosted": BoostedChurnClassifier(n_estimators=N_TREES, n_jobs=1),
        "logistic": LogisticChurnClassifier(),
    }
    for name, model in models.items():
        save(model.fit(X, y), folder / f"{name}.crmml")
    return X.head(1_000).to_dict("records")


BARE = """
import uvicorn, sys
ANSWER = b'{"churn_probability":0.5,"decile":null,"reasons":[]}'
HEAD = {"type": "http.response.start", "status": 200,
        "headers": [(b"content-type", b"application/json"),
                    (b"content-length", str(len(ANSWER)).encode())]}
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send(HEAD)
    await send({"type": "http.response.body", "body": ANSWER})
sys.stderr.write("listens on http://127.0.0.1:" + sys.argv[1] + "\\n")
sys.stderr.flush()
uvicorn.run(app, port=int(sys.argv[1]), log_level="critical", lifespan="off")
"""


class Server:
    """A process that answers, with its CPU seconds."""

    def __init__(self, command):
        self._log = tempfile.TemporaryFile("w+")
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(command, stderr=self._log, env=environment)
        self.port = self._wait()

    def _wait(self):
        for _ in range(600):
            self._log.seek(0)
            found = re.search(r"listens on http://127\.0\.0\.1:(\d+)", self._log.read())
            if found and asyncio.run(is_open(int(found[1]))):
                return int(found[1])
            time.sleep(0.1)
        raise RuntimeError("The server does not start.")

    def cpu(self):
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().split()
        return sum(map(int, fields[13:15])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        text = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", text)[1]) / 1024

    def stop(self):
        self._process.terminate()
        self._process.wait(30)


async def is_open(port):
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def make_request(path, body):
    data = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


async def send_all(port, requests, rate, seconds):
    """Send at a fixed rate; return how late each whole answer was, in ms."""
    free = asyncio.Queue()
    for _ in range(N_CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    late, failed = [], 0

    async def send_one(request, due):
        nonlocal failed
        reader, writer = connection = await free.get()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"content-length: (\d+)", head.lower())[1])
        await reader.readexactly(length)
        late.append(1_000 * (time.perf_counter() - due))
        failed += not head.startswith(b"HTTP/1.1 200")
        free.put_nowait(connection)

    started, tasks = time.perf_counter(), []
    for n in range(int(rate * seconds)):
        due = started + n / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(send_one(requests[n % len(requests)], due)))
    await asyncio.gather(*tasks)
    for _ in range(N_CONNECTIONS):
        (await free.get())[1].close()
    return np.array(late), failed


def measure(server, requests, rate, seconds):
    asyncio.run(send_all(server.port, requests, rate, WARM_UP))
    before, busy = server.cpu(), read_busy()
    late, failed = asyncio.run(send_all(server.port, requests, rate, seconds))
    cpu = server.cpu() - before
    return {
        "p50": np.percentile(late, 50),
        "p95": np.percentile(late, 95),
        "p99": np.percentile(late, 99),
        "max": late.max(),
        "cpu": 1_000 * cpu / len(late),
        "share": cpu / seconds,
        "busy": busy_share(busy, read_busy()),
        "memory": server.memory(),
        "failed": failed,
    }


def read_busy():
    fields = list(map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:9]))
    return sum(fields) - fields[3] - fields[4], sum(fields)


def busy_share(before, after):
    """Of all cores, with everything else that runs here."""
    return (after[0] - before[0]) / (after[1] - before[1])


def measure_inside(folder, record):
    """CPU of one score, without a web: ours, and a frame of one row."""
    from crmml.scoring import Scorer, load

    rows = []
    for name in ("boosted", "logistic"):
        path = folder / f"{name}.crmml"
        model = load(path)
        plain, reasons = Scorer(path), Scorer(path, n_reasons=3)
        ways = {
            "Scorer": lambda one=plain: one.score_one(record),
            "Scorer, 3 reasons": lambda one=reasons: one.score_one(record),
            "predict_proba of a frame": lambda one=model: one.predict_proba(
                pd.DataFrame([record])
            ),
        }
        rows += [(name, way, time_cpu(call)) for way, call in ways.items()]
    return rows


def time_cpu(call):
    for _ in range(20):
        call()
    found = []
    for _ in range(15):
        started = time.process_time()
        for _ in range(20):
            call()
        found.append((time.process_time() - started) / 20)
    return 1_000 * float(np.median(found))


def main():
    rate = float(sys.argv[1]) if len(sys.argv) > 1 else 200.0
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 20.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        records = train(folder)
        print_head(rate, seconds)
        one = [make_request("/score", {"record": record}) for record in records]
        run(folder, one, rate, seconds)
        batches = [
            make_request("/score/batch", {"records": records[i : i + 100]})
            for i in range(0, len(records), 100)
        ]
        serve = [sys.executable, "-m", "crmml.cli", "serve"]
        del serve
        show("boosted, batch of 100", start(folder, "boosted", 0), batches, 10, seconds)
        print("\n| model | one customer, no web | CPU ms |\n|---|---|---|")
        for model, way, cpu in measure_inside(folder, records[0]):
            print(f"| {model} | {way} | {cpu:.3f} |")


def run(folder, requests, rate, seconds):
    """Each service, one after the other."""
    bare = Server([sys.executable, "-c", BARE, "18999"])
    show("a constant (uvicorn alone)", bare, requests, rate, seconds)
    for model in ("boosted", "logistic"):
        for n_reasons in (0, 3):
            label = f"{model}, {n_reasons} reasons"
            server = start(folder, model, n_reasons)
            show(label, server, requests, rate, seconds)


def start(folder, model, n_reasons):
    program = "import sys; from crmml.cli import main; sys.exit(main())"
    arguments = ["serve", folder / f"{model}.crmml", "--reasons", n_reasons]
    return Server([sys.executable, "-c", program, *map(str, arguments), "--port", "0"])


def show(label, server, requests, rate, seconds):
    try:
        found = measure(server, requests, rate, seconds)
    finally:
        server.stop()
    print(
        f"| {label} | {rate:g} | {found['p50']:.1f} | {found['p95']:.1f} | "
        f"{found['p99']:.1f} | {found['max']:.0f} | {found['cpu']:.2f} | "
        f"{found['share']:.0%} | {found['memory']:.0f} | {found['failed']} | "
        f"{found['busy']:.0%} |",
        flush=True,
    )


def print_head(rate, seconds):
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("fastapi", "uvicorn", "xgboost", "scikit-learn", "numpy")
    )
    print(
        f"Python {platform.python_version()}, {versions}; {os.cpu_count()} cores\n"
        f"{N_NUMBERS + N_TEXTS} features ({N_TEXTS} of text), {N_TREES} trees; "
        f"{rate:g} requests/s for {seconds:g} s, open loop, loopback\n"
    )
    print(
        "| service | requests/s | p50 ms | p95 ms | p99 ms | max ms | CPU ms a request "
        "| of a core | peak MB | failed | machine busy |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")


if __name__ == "__main__":
    main()
