"""How the files beside this one were made, and how they are asked.

They hold small models and what these said on the day, so that later versions can
be asked the same. Until the first release they may be made anew; from then on a
release that cannot read them does not ship.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from crmml.association import AssociationRules
from crmml.datasets import load_cdnow, load_diapers_and_beer
from crmml.features import BTYDSummary
from crmml.models import (
    BetaGeoModel,
    BoostedChurnClassifier,
    LogisticChurnClassifier,
    TreeChurnClassifier,
)
from crmml.scoring import save
from crmml.segmentation import KMeansSegmenter, RFMSegmenter
from crmml.tables import Transactions


def make_customers():
    """Customers as sines and remainders: the same on any machine and version."""
    number = np.arange(200)
    X = pd.DataFrame(
        {
            "tenure": 50 + 40 * np.sin(number),
            "n_orders": number % 7,
            "plan": np.array(["basic", "专业版", "team"])[number % 3],
        }
    )
    X.loc[::11, "tenure"] = np.nan
    return X, (X["n_orders"] + 2 * np.cos(number) > 3).to_numpy()


def make_summary():
    """What a few customers bought, in weeks."""
    x, recency = [0, 1, 2, 9], [0.0, 10.0, 30.4, 38.0]
    return pd.DataFrame({"frequency": x, "recency": recency, "T": [38.9] * 4})


def ask(models):
    """What the models say, as numbers and text that JSON holds exactly."""
    X, _ = make_customers()
    head = X.head(12)
    return {
        "logistic": models["logistic"].predict_proba(head)[:, 1].tolist(),
        "boosted": models["boosted"].predict_proba(head)[:, 1].tolist(),
        "tree": models["tree"].predict_proba(head)[:, 1].tolist(),
        "segments": models["segments"].predict(head).tolist(),
        "rfm": models["rfm"].predict(make_rfm().head(12)).tolist(),
        "alive": models["alive"].predict_alive_probability(make_summary()).tolist(),
        "rules": models["rules"].predict([["Diapers"]])["item"].tolist(),
    }


def make_rfm():
    """The three columns that RFM scores are made of."""
    number = np.arange(200)
    return pd.DataFrame(
        {
            "days_since_last_purchase": (number * 37) % 101,
            "n_orders": 1 + (number * 13) % 17,
            "total_spend": 10.0 + (number * 29) % 97,
        }
    )


def main():
    """Write the models, and their answers, beside this file."""
    X, y = make_customers()
    cds = Transactions(
        load_cdnow(sample=True),
        customer_id="customer_id",
        timestamp="date",
        amount="dollar_value",
    )
    models = {
        "logistic": LogisticChurnClassifier().fit(X, y),
        "boosted": BoostedChurnClassifier(n_estimators=5, n_jobs=1).fit(X, y),
        "segments": KMeansSegmenter(3, categorical=["plan"]).fit(X),
        "rfm": RFMSegmenter().fit(make_rfm()),
        "tree": TreeChurnClassifier(random_state=0).fit(X, y),
        "alive": BetaGeoModel(unit="7D").fit(
            BTYDSummary(unit="7D").fit_transform(cds, "1997-10-01")
        ),
        "rules": AssociationRules(0.2, 0.3).fit(load_diapers_and_beer()),
    }
    folder = Path(__file__).parent
    for name, model in models.items():
        save(model, folder / f"format_1_{name}.crmml")
    text = json.dumps(ask(models), indent=1, ensure_ascii=False)
    (folder / "format_1.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
