"""The rules over a stack's state, and violations as SARIF."""

from pathlib import Path
from typing import Any

from cli.security.controls import LayerReport, check_deployment, to_json
from cli.security.sarif import describe_violations, find_declaration
from orchestration.environments import ROOT
from policy.resource import Resource
from policy.rule import RULES

URN = "urn:pulumi:local::fraud-data::fraud:data:TransactionStore$aws:dynamodb/table:Table::transactions"


def make_report(environment: str, **changes: Any) -> LayerReport:
    table = {"urn": URN.replace("local", environment), "type": "aws:dynamodb/table:Table", "inputs": {}}
    return check_deployment("data", {"resources": [{**table, **changes}]})


def test_state_with_violations_is_counted() -> None:
    document = to_json("prod", [make_report("prod")])
    assert document["violations"] == len(document["layers"][0]["violations"]) > 0
    assert document["layers"][0]["resources"] == 1


def test_exception_of_an_environment_applies_to_it_only() -> None:
    exempt = {item.rule.id for item in make_report("local").exempt}
    assert exempt == {"dynamodb-deletion-protection"}
    assert make_report("prod").exempt == []


def test_resource_that_waits_for_its_deletion_is_ignored() -> None:
    assert make_report("prod", delete=True).resources == 0


def test_layer_that_is_not_deployed_has_no_violations() -> None:
    assert check_deployment("data", {}) == LayerReport("data", 0, 0)


def test_sarif_has_the_required_members() -> None:
    report = make_report("local")
    log = describe_violations(report.judgements, ROOT)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(RULES)
    assert all(rule["helpUri"].startswith("https://") for rule in rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        location = result["locations"][0]["physicalLocation"]
        assert (ROOT / location["artifactLocation"]["uri"]).is_file()
        assert location["region"]["startLine"] >= 1
    suppressed = [result["ruleId"] for result in run["results"] if "suppressions" in result]
    assert suppressed == ["dynamodb-deletion-protection"]


def test_declaration_is_found_in_the_file_of_the_component() -> None:
    table = Resource("aws:dynamodb/table:Table", "transactions", {}, "data", "local", URN)
    path, line = find_declaration(table, ROOT)
    assert path == "stacks/data/tables.py"
    assert "transactions" in (ROOT / path).read_text().splitlines()[line - 1]


def test_declaration_that_is_not_found_is_the_program_of_the_layer(tmp_path: Path) -> None:
    resource = Resource(
        "aws:sqs/queue:Queue", "queue", {}, "data", "local", "urn:pulumi:local::fraud-data::x::queue"
    )
    assert find_declaration(resource, tmp_path) == ("stacks/data/__main__.py", 1)
