"""What tests of reports share: a shop, fitted pipelines, and a reader of pages."""

from collections import Counter
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from crmml.association import AssociationRules
from crmml.datasets import make_customers
from crmml.features import RFM, FeatureSet, Tenure
from crmml.labels import Inactivity
from crmml.models import LogisticChurnClassifier
from crmml.pipeline import ChurnPipeline, SegmentationPipeline
from crmml.segmentation import RFMSegmenter

MONEY = {"clv": 200, "accept_rate": 0.25, "incentive_cost": 15, "contact_cost": 1}
TODAY, EARLIER = "2024-10-01", "2024-06-01"
VOID = {"meta", "img", "br", "hr", "link", "input"}


@pytest.fixture(scope="session")
def shop():
    return make_customers(500, random_state=0).to_tables()


@pytest.fixture(scope="session")
def churn(shop):
    pipeline = ChurnPipeline(
        features=FeatureSet([RFM(), Tenure()]),
        label=Inactivity("60D"),
        classifier=LogisticChurnClassifier(),
    )
    return pipeline.fit(shop, ["2024-01-01", "2024-03-01"])


@pytest.fixture(scope="session")
def scores(churn, shop):
    return churn.backtest_scores(shop, ["2024-06-01", "2024-08-01"], money=MONEY)


@pytest.fixture(scope="session")
def groups(shop):
    pipeline = SegmentationPipeline(features=RFM(), segmenter=RFMSegmenter())
    return pipeline.fit(shop, EARLIER)


def make_baskets(names, n=400, seed=0):
    """Baskets in which the second item follows the first; the others come by chance."""
    rng = np.random.default_rng(seed)
    chosen = rng.random((n, len(names))) < 0.3
    chosen[:, 1] |= chosen[:, 0] & (rng.random(n) < 0.7)
    return [
        [name for name, is_in in zip(names, row, strict=True) if is_in]
        for row in chosen
    ]


@pytest.fixture(scope="session")
def rules():
    names = ["tea", "cup", "milk", "bread", "sugar"]
    found = AssociationRules(0.05, 0.3, max_p_value=0.05).fit(make_baskets(names))
    return found, found.validate(make_baskets(names, seed=1))


class PageReader(HTMLParser):
    """Read a page as strictly as HTML may be read: every tag is closed in its place."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.headings = [], [], []
        self.texts = Counter()
        self.rows, self.links = [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        assert len(found) == len(attributes), f"{tag} repeats an attribute"
        self.tags.append((tag, found))
        if tag not in VOID:
            self.open.append(tag)
        if tag in {"h1", "h2", "h3", "h4"}:
            self.headings.append([int(tag[1]), ""])
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open, f"{tag} is closed and was not opened"
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts[data] += 1
        if self.open and self.open[-1] in {"td", "th"}:
            self.rows[-1][-1] += data
        if self.open and self.open[-1] in {"h1", "h2", "h3", "h4"}:
            self.headings[-1][1] += data

    def find(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="session")
def read_page():
    return PageReader


@pytest.fixture(scope="session")
def crowd():
    """A hundred thousand customers of three orders each."""
    n = 100_000
    rng = np.random.default_rng(0)
    days = rng.integers(0, 360, 3 * n)
    return pd.DataFrame(
        {
            "customer_id": np.tile(np.arange(n), 3),
            "timestamp": pd.Timestamp("2024-01-01") + pd.to_timedelta(days, unit="D"),
            "amount": rng.gamma(2.0, 20.0, 3 * n).round(2),
            "order_id": np.arange(3 * n),
        }
    )
