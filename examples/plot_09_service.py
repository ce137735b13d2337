"""
A service of one's own
======================

On a telephone company's customers (Telco, bundled by the ``demo`` extra) we

1. train a model and save it to one file, as a nightly job would;
2. put it into a small FastAPI service of our own, whose answer is not a score but what
   the call centre shall do;
3. call the service, from many threads too, and compare with the batch;
4. ask the service that crmml brings, ``crmml serve``, for the same.

It needs the extra ``serve``, and ``httpx2`` for the client that tests the service.
"""

# %%
# What the night does: train on two thirds of the customers, save one file.
import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fastapi import FastAPI, HTTPException
from fastapi.testclient import TestClient
from sklearn.model_selection import train_test_split

from crmml.datasets import load_telco_churn
from crmml.models import BoostedChurnClassifier
from crmml.scoring import Scorer, save
from crmml.scoring.service import make_app

X, y = load_telco_churn()
X_train, X_test, y_train, _ = train_test_split(
    X, y, test_size=0.33, random_state=0, stratify=y
)
model = BoostedChurnClassifier().fit(X_train, y_train)
path = Path(tempfile.mkdtemp()) / "telco.crmml"
save(model, path)
print(f"{path.name}: {path.stat().st_size / 1024:.0f} KB")

# %%
# What the day knows: customers by number, here as JSON, in a shop's database elsewhere.
rows = json.loads(X_test.to_json(orient="records", double_precision=15))
customers = dict(enumerate(rows))

# %%
# The service. A ``Scorer`` is thread-safe and keeps nothing of a call, so that one is
# enough for the process. What to do with a score is the shop's own rule.
scorer = Scorer(path, n_reasons=2)
app = FastAPI(title="Whom to call")


@app.get("/customers/{number}/advice")
def advise(number: int) -> dict[str, object]:
    """Say what to do about a customer, and why."""
    if number not in customers:
        raise HTTPException(404, "There is no such customer.")
    score = scorer.score_one(customers[number])
    probability = score["churn_probability"]
    advice = "call" if probability > 0.5 else "write" if probability > 0.25 else "wait"
    return {"advice": advice, "probability": probability, "reasons": score["reasons"]}


# %%
# A client, as a test would have it; in production, ``uvicorn service:app``.
client = TestClient(app)
for number in range(3):
    found = client.get(f"/customers/{number}/advice").json()
    print(f"{number}: {found['advice']}, {found['probability']:.0%} likely to leave")
    print("".join(f"   {reason}\n" for reason in found["reasons"]), end="")

# %%
# Sixteen threads get what the batch says.
batch = model.predict_proba(X_test)[:, 1]


def ask(number):
    return client.get(f"/customers/{number}/advice").json()["probability"]


with ThreadPoolExecutor(16) as pool:
    asked = list(pool.map(ask, range(100)))
largest = max(abs(one - other) for one, other in zip(asked, batch[:100], strict=True))
print(f"largest difference to the batch: {largest:.0e}")
assert largest < 1e-12

# %%
# Where scores and reasons are all that is wanted, crmml brings the service: ``crmml
# serve telco.crmml --reasons 2``. Here it is a part of ours, under a path of its own,
# with limits, a token, metrics, a model card, and a description of every feature.
token = "a-long-token-that-nobody-guesses"
app.mount("/scores", make_app(path, n_reasons=2, token=token))
headers = {"Authorization": f"Bearer {token}"}
found = client.post("/scores/score", json={"record": customers[0]}, headers=headers)
print(found.json())

# %%
# What is wrong with a request is told by place, and nothing of the customer with it.
wrong = customers[0] | {"tenure": "since May"}
found = client.post("/scores/score", json={"record": wrong}, headers=headers)
print(found.status_code, found.json()["detail"])

# %%
# What a client's programmer reads of a feature.
described = client.get("/scores/openapi.json", headers=headers).json()
print(described["components"]["schemas"]["Features"]["properties"]["contract"])
