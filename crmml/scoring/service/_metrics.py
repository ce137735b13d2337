"""What a monitor wants to know, in the text format of Prometheus."""

import threading
from collections import Counter
from collections.abc import Mapping

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_EDGES = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper ends of the bins of seconds."""


class Metrics:
    """Counts requests and seconds; threads may share it.

    Parameters
    ----------
    model : mapping of str to str
        What identifies the model.
    """

    def __init__(self, model: Mapping[str, str]) -> None:
        self._model = dict(model)
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._bins: Counter[tuple[str, float]] = Counter()
        self._seconds: Counter[str] = Counter()
        self._n_records = 0

    def count(self, path: str, status: int, seconds: float, n_records: int) -> None:
        """Count a request.

        Parameters
        ----------
        path : str
            The path of its route.
        status : int
            How it was answered.
        seconds : float
            How long that took.
        n_records : int
            How many customers were scored.
        """
        edge = next((edge for edge in _EDGES if seconds <= edge), float("inf"))
        with self._lock:
            self._requests[path, status] += 1
            self._bins[path, edge] += 1
            self._seconds[path] += seconds  # type: ignore[assignment]  # a float
            self._n_records += n_records

    def render(self) -> str:
        """Write the counts.

        Returns
        -------
        str
            Lines of text.
        """
        with self._lock:
            requests, bins = dict(self._requests), Counter(self._bins)
            seconds, n_records = dict(self._seconds), self._n_records
        return "\n".join(
            [
                "# HELP crmml_requests_total Requests by path and status.",
                "# TYPE crmml_requests_total counter",
                *(
                    f"crmml_requests_total{_labels(path=path, status=str(status))} {n}"
                    for (path, status), n in sorted(requests.items())
                ),
                "# HELP crmml_request_seconds Time to answer, by path.",
                "# TYPE crmml_request_seconds histogram",
                *(
                    line
                    for path in sorted(seconds)
                    for line in _write_histogram(path, bins, seconds[path])
                ),
                "# HELP crmml_scored_customers_total Customers scored.",
                "# TYPE crmml_scored_customers_total counter",
                f"crmml_scored_customers_total {n_records}",
                "# HELP crmml_model_info The model that answers.",
                "# TYPE crmml_model_info gauge",
                f"crmml_model_info{_labels(**self._model)} 1",
                "",
            ]
        )


def _write_histogram(
    path: str, bins: Counter[tuple[str, float]], seconds: float
) -> list[str]:
    lines, total = [], 0
    for edge in (*_EDGES, float("inf")):
        total += bins[path, edge]
        name = "+Inf" if edge == float("inf") else f"{edge:g}"
        labels = _labels(path=path, le=name)
        lines.append(f"crmml_request_seconds_bucket{labels} {total}")
    return [
        *lines,
        f"crmml_request_seconds_sum{_labels(path=path)} {seconds:.6f}",
        f"crmml_request_seconds_count{_labels(path=path)} {total}",
    ]


def _labels(**labels: str) -> str:
    escaped = (f'{name}="{_escape(value)}"' for name, value in labels.items())
    return "{" + ",".join(escaped) + "}"


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
