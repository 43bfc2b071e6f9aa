"""`invoke load`: traffic is posted by locust, decided and reported."""

import json

import pytest

from operations.load.load import run_load
from operations.load.traffic import Traffic
from tests.e2e.pipeline import PipelineClient


def test_load_is_posted_decided_and_reported(
    pipeline: PipelineClient, capsys: pytest.CaptureFixture[str]
) -> None:
    traffic = Traffic(rate=20, minutes=0.02, merchants=10, accounts=10)
    assert run_load(pipeline.deployed, traffic, yes=True, as_json=True) == 0
    report = json.loads(capsys.readouterr().out)
    # A busy machine may not post every arrival in time.
    assert report["scheduled"] >= report["posted"] == report["accepted"] > 0
    assert report["decided"] == report["accepted"]
    assert report["post_ms"]["p50"] > 0
    assert report["decision_ms"]["p50"] > 0
    assert report["problems"] == []
