"""The description for programs is valid, complete, and what the service does."""

import jsonschema_rs
import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from crmml.scoring.service import make_app

from .conftest import TOKEN


@pytest.fixture(scope="module")
def description(churn_client):
    return churn_client.get("/openapi.json").json()


def test_all_paths_are_described(description):
    assert set(description["paths"]) == {
        *("/score", "/score/batch", "/health", "/model-card", "/metrics"),
        "/openapi.json",
    }
    assert description["openapi"].startswith("3.1")
    assert description["info"]["title"] == "crmml: ChurnPipeline"


def test_features_are_described_with_type_unit_and_usual_values(description):
    features = description["components"]["schemas"]["Features"]["properties"]
    spend = features["total_spend"]
    assert spend["type"] == ["number", "null"]
    assert spend["description"].startswith("spend. In training, 80% lay from ")
    days = features["days_since_last_purchase"]
    assert days["description"].startswith("days since the last purchase.")
    few = features["n_open_complaints"]["description"]
    assert few.startswith("open complaints. In training: 0, 1")


def test_categories_are_described(client):
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    features = schemas["Features"]["properties"]
    assert features["plan"]["examples"] == ["<b>x</b>", "pro", "基础"]
    assert features["has_app"]["type"] == ["boolean", "null"]
    assert "no part in the score" in features["empty"]["description"]
    assert "Events" not in schemas


def test_roles_of_events_are_those_of_the_training(description):
    events = description["components"]["schemas"]["Events"]["properties"]["tables"]
    roles = events["properties"]["transactions"]["items"]
    assert set(roles["properties"]) == {"timestamp", "amount", "order_id"}
    assert roles["properties"]["order_id"]["type"] == ["integer", "null"]
    assert roles["additionalProperties"] is False


def test_what_is_described_is_what_is_accepted(description, churn_client, events, shop):
    schemas = description["components"]
    tables = events(shop.transactions["customer_id"].iloc[0])
    body = {"tables": tables, "cutoff": "2024-09-01"}
    events = jsonschema_rs.validator_for(
        {"$ref": "#/components/schemas/Events", "components": schemas}
    )
    assert events.is_valid(body)
    assert churn_client.post("/score", json=body).status_code == 200


def test_what_an_own_service_adds_is_described_too(flat_file):
    app = make_app(flat_file)
    app.add_api_route("/own", lambda: {"own": True})
    found = TestClient(app).get("/openapi.json").json()
    assert "/own" in found["paths"]
    assert "Features" in found["components"]["schemas"]


MODES = {
    "as described": [GenerationMode.POSITIVE],
    "otherwise": [GenerationMode.NEGATIVE],
}


def check_all(app, n_examples, modes, headers, excluded=()):
    """Send what schemathesis makes up to every path, and hold answers to their word."""
    api = schemathesis.openapi.from_asgi("/openapi.json", app, headers=headers)
    operations = [found.ok() for found in api.get_all_operations()]
    # All but the description itself.
    assert len(operations) == 5
    for operation in operations:
        if operation.method == "post":
            check_one(operation, n_examples, modes, headers, excluded)
        else:
            check_one(operation, 5, MODES["as described"], headers, excluded)


def check_one(operation, n_examples, modes, headers, excluded):
    @given(st.data())
    @settings(max_examples=n_examples)
    def check(data):
        for mode in modes:
            case = data.draw(operation.as_strategy(generation_mode=mode))
            case.call_and_validate(headers=headers, excluded_checks=excluded)

    check()


@pytest.mark.parametrize("modes", MODES.values(), ids=MODES)
def test_whatever_is_sent_is_answered_as_described(flat_file, modes):
    app = make_app(flat_file, token=TOKEN, n_reasons=1)
    check_all(app, 15, modes, {"Authorization": f"Bearer {TOKEN}"})


@pytest.mark.parametrize("modes", MODES.values(), ids=MODES)
def test_whatever_events_are_sent_are_answered_as_described(churn_file, modes):
    # Dates that there are not, and rows after the cutoff, are beyond a schema.
    check_all(make_app(churn_file), 15, modes, {}, [positive_data_acceptance])
