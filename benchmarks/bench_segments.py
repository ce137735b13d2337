"""K-means on customers beside scikit-learn, MiniBatchKMeans, faiss and intelex.

    pip install -e ".[bench]"
    python benchmarks/bench_segments.py [n_customers ...]

All get the same prepared numbers in one run, interleaved; the best repetition is taken,
for other programs can only add. Inertia is measured alike for all, in multiples
of that of scikit-learn: below 1 is better. ``crmml`` is k-means alone, ``crmml, whole``
reads, prepares and labels the raw table as well; the line ``preparation`` says what the
peers would have to add for that.
"""

import platform
import sys
import time
import warnings
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from sklearn.cluster import KMeans, MiniBatchKMeans

from crmml.segmentation import KMeansSegmenter, SkewScaler
from crmml.segmentation._lloyd import find_nearest, fit_centers
from crmml.segmentation._points import make_points

N_COLUMNS, N_GROUPS = 8, 12
SETTINGS = {"n_init": 10, "max_iter": 300, "tol": 1e-4}


def simulate(n_customers, seed=0):
    """Skewed customers in groups that run into each other."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(N_GROUPS, N_COLUMNS)) * 1.2
    X = rng.normal(size=(n_customers, N_COLUMNS))
    X += centers[rng.integers(0, N_GROUPS, n_customers)]
    return np.exp(X)


def fit_crmml(X_prepared, k):
    rng = np.random.RandomState(0)
    return fit_centers(make_points(X_prepared), k, rng=rng, **SETTINGS).centers


def fit_crmml_one_start(X_prepared, k):
    rng = np.random.RandomState(0)
    settings = SETTINGS | {"n_init": 1}
    return fit_centers(make_points(X_prepared), k, rng=rng, **settings).centers


def fit_sklearn(X_prepared, k):
    return KMeans(k, random_state=0).fit(X_prepared).cluster_centers_


def fit_sklearn_ten_starts(X_prepared, k):
    return KMeans(k, n_init=10, random_state=0).fit(X_prepared).cluster_centers_


def fit_mini_batch(X_prepared, k):
    return MiniBatchKMeans(k, random_state=0).fit(X_prepared).cluster_centers_


def fit_faiss(X_prepared, k):
    import faiss

    model = faiss.Kmeans(X_prepared.shape[1], k, niter=25, seed=1)
    model.train(X_prepared.astype(np.float32))
    return model.centroids


def fit_intelex(X_prepared, k):
    from sklearnex.cluster import KMeans as IntelexKMeans

    return IntelexKMeans(k, random_state=0).fit(X_prepared).cluster_centers_


PEERS = {
    "crmml": fit_crmml,
    "crmml, one start": fit_crmml_one_start,
    "scikit-learn KMeans": fit_sklearn,
    "scikit-learn, 10 starts": fit_sklearn_ten_starts,
    "MiniBatchKMeans": fit_mini_batch,
    "faiss-cpu": fit_faiss,
    "scikit-learn-intelex": fit_intelex,
}

# Beyond these sizes they would take minutes.
MOST_CUSTOMERS = {
    "crmml, one start": 10_000,
    "scikit-learn, 10 starts": 100_000,
    "MiniBatchKMeans": 1_000_000,
}


def measure(function, *arguments):
    """Return the result, CPU seconds and wall seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = function(*arguments)
    return result, time.process_time() - cpu, time.perf_counter() - wall


def compare(n_customers, k=8):
    """Print the table of one size."""
    repeats = 15 if n_customers <= 10_000 else 5 if n_customers <= 100_000 else 3
    X = simulate(n_customers)
    X_prepared, cpu, wall = measure(lambda: SkewScaler().fit_transform(X))
    rows = {"preparation": (cpu, wall, None)}
    points, found = make_points(X_prepared), {}
    for _ in range(repeats):
        for name, fit in PEERS.items():
            if n_customers > MOST_CUSTOMERS.get(name, n_customers):
                continue
            try:
                centers, cpu, wall = measure(fit, X_prepared, k)
            except ImportError:
                continue
            inertia = find_nearest(points, centers)[1].sum(dtype=np.float64)
            found.setdefault(name, []).append((cpu, wall, inertia))
        for name, n_init in (("crmml, whole", 10), ("whole, one start", 1)):
            if n_init == 1 and n_customers > MOST_CUSTOMERS["crmml, one start"]:
                continue
            segmenter = KMeansSegmenter(k, n_init=n_init)
            _, cpu, wall = measure(segmenter.fit, X)
            found.setdefault(name, []).append((cpu, wall, segmenter.inertia_))
    base = found["scikit-learn KMeans"]
    for name, runs in found.items():
        cpu, wall = (min(run[i] for run in runs) for i in (0, 1))
        rows[name] = (cpu, wall, runs[0][2] / base[0][2])
    slow = min(run[0] for run in base), min(run[1] for run in base)
    print(f"\n{n_customers:,} customers x {N_COLUMNS} columns, {k} segments")
    print(f"{'':24}{'CPU s':>9}{'wall s':>9}{'CPU x':>8}{'wall x':>8}{'inertia':>10}")
    for name, (cpu, wall, inertia) in rows.items():
        figures = f"{cpu:9.3f}{wall:9.3f}{slow[0] / cpu:8.1f}{slow[1] / wall:8.1f}"
        print(f"{name:24}{figures}" + (f"{inertia:10.4f}" if inertia else ""))


def main():
    sizes = [int(float(n)) for n in sys.argv[1:]] or [10**3, 10**4, 10**5, 10**6, 10**7]
    print("python", platform.python_version(), platform.machine(), end="")
    for name in ("crmml", "scikit-learn", "faiss-cpu", "scikit-learn-intelex", "numba"):
        try:
            print(f", {name} {version(name)}", end="")
        except PackageNotFoundError:
            continue
    print("\nCPU x, wall x: how many times faster than scikit-learn's KMeans")
    warnings.simplefilter("ignore")
    fit_crmml(simulate(100), 2)  # Compiles, once for a machine.
    KMeansSegmenter(2).fit(simulate(100))
    for n_customers in sizes:
        compare(n_customers)


if __name__ == "__main__":
    main()
