"""K-means on prepared numbers of customers.

Simulated customers with 8 skewed columns in 12 groups that run into each other, 8
segments. All get the same prepared numbers; crmml with its ten starts and, on small
tables, with one as scikit-learn. Inertia is measured alike for all, in multiples of
that of scikit-learn; below 1 is better. *crmml, whole* reads, prepares and labels the
raw table as well; the task *preparation* says what the peers would have to add for
that. From 131,072 rows on crmml uses several threads, which costs CPU seconds and saves
none.
"""

import numpy as np
from sklearn.cluster import KMeans, MiniBatchKMeans

from benchmarks._common import run_alone
from benchmarks._peers import optional
from benchmarks._records import Bar
from crmml.segmentation import KMeansSegmenter, SkewScaler
from crmml.segmentation._lloyd import find_nearest, fit_centers
from crmml.segmentation._points import make_points

faiss, intelex = optional("faiss"), optional("sklearnex.cluster")

TITLE = "Segments"
SIZES = {
    "quick": {"n_customers": [1_000, 10_000, 100_000, 1_000_000]},
    "full": {"n_customers": [1_000, 10_000, 100_000, 1_000_000, 10_000_000]},
}
MINUTES = {"quick": 2, "full": 10}
PACKAGES = ("scikit-learn", "faiss-cpu", "scikit-learn-intelex", "numba", "numpy")
TASK, SKLEARN = "k-means, 8 segments", "scikit-learn KMeans"
PICTURE = (TASK,)
BARS = (
    Bar(task=TASK, peer=SKLEARN, at_least=1, most=10_000),
    Bar(task=TASK, peer=SKLEARN, at_least=3, least=1_000_000, most=9_999_999),
    Bar(task=TASK, peer=SKLEARN, at_least=6, least=10_000_000),
)

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
    model = faiss.Kmeans(X_prepared.shape[1], k, niter=25, seed=1)
    model.train(X_prepared.astype(np.float32))
    return model.centroids


def fit_intelex(X_prepared, k):
    return intelex.KMeans(k, random_state=0).fit(X_prepared).cluster_centers_


WAYS = {
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


def compare(report, n_customers, k=8):
    """Time all ways at one size."""
    runs = 15 if n_customers <= 10_000 else 5 if n_customers <= 100_000 else 3
    X = simulate(n_customers)
    X_prepared = SkewScaler().fit_transform(X)
    points = make_points(X_prepared)

    def measure_inertia(centers):
        return float(find_nearest(points, centers)[1].sum(dtype=np.float64))

    base = measure_inertia(fit_sklearn(X_prepared, k))

    def find(result):
        """Inertia of centres, or of a fitted segmenter of the whole table."""
        own = getattr(result, "inertia_", None)
        return {"inertia": f"{(own or measure_inertia(result)) / base:.4f}"}

    ways = {
        name: lambda fit=fit: fit(X_prepared, k)
        for name, fit in WAYS.items()
        if n_customers <= MOST_CUSTOMERS.get(name, n_customers)
    }
    ways["crmml, whole"] = lambda: KMeansSegmenter(k, n_init=10).fit(X)
    if "crmml, one start" in ways:
        ways["crmml, whole, one start"] = lambda: KMeansSegmenter(k, n_init=1).fit(X)
    place = {"size": n_customers, "unit": "customers", "runs": runs}
    report.race(TASK, ways, find=find, **place)
    prepare = {"crmml": lambda: SkewScaler().fit_transform(X)}
    report.race("preparation", prepare, find=lambda _: {"inertia": ""}, **place)


def run(report, n_customers):
    for n in n_customers:
        compare(report, n)


if __name__ == "__main__":
    run_alone(__file__)
