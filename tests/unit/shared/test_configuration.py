"""Settings from a file: right ones become typed, wrong ones are named with file, key and what is allowed."""

from pathlib import Path

import pytest

from orchestration.layers import Layer, find, settings_model
from shared.configuration import Account, SettingsError, read_account, validate_file
from shared.names import Names
from shared.projects import PROJECTS
from stacks.data.settings import DataSettings
from stacks.edge.settings import EdgeSettings
from stacks.foundation.settings import FoundationSettings

ACCOUNT = '  aws:allowedAccountIds: ["111111111111"]\n'
REGION = f"config:\n  aws:region: us-east-1\n{ACCOUNT}"
OPERATIONS = (
    "  fraud-foundation:operationsEmails: [a@example.com]\n  fraud-foundation:monthlyBudgetUsd: 100\n"
)


def write(root: Path, layer: str, text: str, environment: str = "dev") -> None:
    folder = root / "stacks" / layer
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"Pulumi.{environment}.yaml").write_text(text)


def problem(root: Path, layer: str, text: str, environment: str = "dev") -> str:
    """What is said of a file with this text."""
    write(root, layer, text, environment)
    with pytest.raises(SettingsError) as caught:
        validate_file(settings_model(find(layer)), environment, root)
    return str(caught.value)


def test_settings_are_typed_and_have_safe_defaults(tmp_path: Path) -> None:
    write(
        tmp_path,
        "data",
        REGION + "  fraud-data:retentionDays: 30\n  fraud-data:alertEmails: [a@example.com]\n",
    )
    assert validate_file(DataSettings, "dev", tmp_path) == DataSettings(
        retention_days=30, alert_emails=("a@example.com",), deletion_protection=True, max_receives=5
    )


def test_a_setting_within_another_is_typed_too(tmp_path: Path) -> None:
    write(tmp_path, "edge", REGION + "  fraud-edge:api: {memoryMb: 1024}\n")
    settings = validate_file(EdgeSettings, "dev", tmp_path)
    assert (settings.api.memory_mb, settings.api.timeout_seconds) == (1024, 15)


def test_a_key_without_the_projects_name_is_the_projects(tmp_path: Path) -> None:
    write(tmp_path, "edge", REGION + "  throttleBurst: 7\n")
    settings = validate_file(EdgeSettings, "dev", tmp_path)
    assert settings.throttle_burst == 7


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("throttleBurst: 0", "throttleBurst: expected int >= 1; allowed is an integer from 1 to 5000"),
        ("throttleBurst: 1.5", "throttleBurst: expected int | null, got float; allowed is an integer"),
        (
            "throttleBurst: 101",
            "throttleBurst: not allowed; allowed is an integer from 1 to 100, which is api.",
        ),
        (
            "labelsThrottleBurst: 101",
            "labelsThrottleBurst: not allowed; allowed is an integer from 1 to 100, which",
        ),
        ("labelsRequestsPerSecond: 1001", "labelsRequestsPerSecond: expected int <= 1000"),
        ("accountLogging: 1", "accountLogging: expected bool, got int; allowed is true or false"),
        ("architecture: mips", "architecture: invalid enum value 'mips'; allowed is arm64, x86_64"),
        ("nameSuffix: UPPER", "nameSuffix: not allowed; allowed is 2 to 12 of a-z"),
        ("nameSuffix: {secure: AAABAA==}", "nameSuffix: not allowed; allowed is 2 to 12 of a-z"),
        ("api: {reservedConcurrency: 99}", "api.reservedConcurrency: expected int >= 100; allowed is an int"),
        ("api: {timeoutSeconds: 30}", "api.timeoutSeconds: not allowed; allowed is an integer from 1 to 29"),
        (
            "labels: {timeoutSeconds: 30}",
            "labels.timeoutSeconds: not allowed; allowed is an integer from 1 to",
        ),
        ("api: {memory: 1}", "api.memory: unknown; allowed are logLevel, memoryMb, reservedConcurrency"),
        ("api: 512", "api: expected object, got int; allowed is an object with memoryMb"),
        ("trottleBurst: 5", "trottleBurst: unknown; allowed are accountLogging, api, architecture"),
    ],
)
def test_a_bad_setting_is_named_with_file_key_and_what_is_allowed(
    tmp_path: Path, setting: str, said: str
) -> None:
    told = problem(tmp_path, "edge", f"{REGION}  fraud-edge:{setting}\n")
    assert told.startswith(f"stacks/edge/Pulumi.dev.yaml: fraud-edge:{said}")
    assert "\n" not in told


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("vpcCidr: 8.8.0.0/16", "vpcCidr: not allowed; allowed is a private IPv4 network of /16 to /24"),
        ("vpcCidr: 10.0.0.0/8", "vpcCidr: not allowed"),
        ("vpcCidr: 10.0.0.1/16", "vpcCidr: not allowed"),
        (
            "availabilityZoneIds: [use1-az1]",
            "availabilityZoneIds: not allowed; allowed is a list of two zone ids",
        ),
        ("availabilityZoneIds: [use1-az1, use1-az1]", "availabilityZoneIds: not allowed"),
        ("availabilityZoneIds: [us-east-1a, us-east-1b]", "availabilityZoneIds[0]: not allowed"),
        ("availabilityZones: [us-east-1a, us-east-1b]", "availabilityZones: unknown"),
        ("keyDeletionDays: 3", "keyDeletionDays: expected int >= 7; allowed is an integer from 7 to 30"),
    ],
)
def test_a_network_that_cannot_be_is_refused(tmp_path: Path, setting: str, said: str) -> None:
    repository = "  fraud-foundation:repository: example/fraud-pipeline\n"
    told = problem(tmp_path, "foundation", f"{REGION}{OPERATIONS}{repository}  fraud-foundation:{setting}\n")
    assert told.startswith(f"stacks/foundation/Pulumi.dev.yaml: fraud-foundation:{said}")


@pytest.mark.parametrize("repository", ["example/fraud-pipeline", "example@123456/fraud-pipeline@456789"])
def test_a_repository_is_named_as_github_signs_for_it(tmp_path: Path, repository: str) -> None:
    write(tmp_path, "foundation", f"{REGION}{OPERATIONS}  fraud-foundation:repository: {repository}\n")
    assert validate_file(FoundationSettings, "dev", tmp_path).repository == repository


@pytest.mark.parametrize(
    "repository",
    ["fraud-pipeline", "example/", "example/*", "example/a/b", "*/*", "a@1/b", "a/b@2", "a@*/b@2", "a@/b@"],
)
def test_a_repository_that_is_not_one_is_refused(tmp_path: Path, repository: str) -> None:
    told = problem(tmp_path, "foundation", f'{REGION}  fraud-foundation:repository: "{repository}"\n')
    assert told.startswith("stacks/foundation/Pulumi.dev.yaml: fraud-foundation:repository: not allowed")


def test_C10_a_notify_timeout_over_a_sixth_of_the_visibility_timeout_is_refused(tmp_path: Path) -> None:
    told = problem(tmp_path, "processing", f"{REGION}  fraud-processing:notify: {{timeoutSeconds: 61}}\n")
    assert told.endswith(
        "fraud-processing:notify.timeoutSeconds: expected int <= 60; allowed is an integer from 15 to 60"
    )


def test_C8_more_batches_at_once_than_reserved_concurrency_are_refused(tmp_path: Path) -> None:
    told = problem(tmp_path, "processing", f"{REGION}  fraud-processing:notifyConcurrency: 101\n")
    assert told.endswith("allowed is an integer not above notify.reservedConcurrency")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (
            "modelFile: model.yaml",
            "modelFile: not allowed; allowed is a .json file in stacks/processing, or empty",
        ),
        ("modelFile: ../model.json", "modelFile: not allowed"),
        ("candidateModelFile: model", "candidateModelFile: not allowed; allowed is a .json file"),
        ("candidateRulesFile: rules.json", "candidateRulesFile: not allowed; allowed is a .yaml file"),
        ("rulesFile: ''", "rulesFile: not allowed; allowed is a .yaml file in stacks/processing"),
        ("alertWindowSeconds: 901", "alertWindowSeconds: expected int <= 900; allowed is an integer from 0"),
    ],
)
def test_what_the_fraud_function_cannot_decide_by_is_refused(tmp_path: Path, setting: str, said: str) -> None:
    told = problem(tmp_path, "processing", f"{REGION}  fraud-processing:{setting}\n")
    assert told.startswith(f"stacks/processing/Pulumi.dev.yaml: fraud-processing:{said}")


def test_a_setting_that_must_be_set_is_named_when_it_is_missing(tmp_path: Path) -> None:
    told = problem(tmp_path, "data", f"{REGION}  fraud-data:retentionDays: 30\n")
    assert told.endswith("fraud-data:alertEmails: missing; allowed is a list of 1 to 50 mail addresses")


def test_R9_what_is_no_mail_address_is_refused(tmp_path: Path) -> None:
    settings = "  fraud-data:retentionDays: 30\n  fraud-data:alertEmails: [a@example.com, nobody]\n"
    told = problem(tmp_path, "data", REGION + settings)
    assert "fraud-data:alertEmails[1]: not allowed" in told


def test_another_projects_settings_are_refused(tmp_path: Path) -> None:
    told = problem(tmp_path, "edge", f"{REGION}  fraud-egde:throttleBurst: 5\n")
    assert told.endswith("fraud-egde:throttleBurst: unknown; allowed are keys that begin with fraud-edge:")


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_the_hosts_architecture_is_refused_in_an_account(tmp_path: Path, environment: str) -> None:
    told = problem(tmp_path, "edge", f"{REGION}  fraud-edge:architecture: host\n", environment)
    assert told.endswith("host is for the environment local; allowed is arm64 or x86_64")


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (None, "missing"),
        ("[]", "not allowed"),
        ("[111111111111]", "not allowed"),
        ('"111111111111"', "not allowed"),
        ('["11111111111"]', "not allowed"),
        ('["111111111111", "222222222222"]', "not allowed"),
    ],
)
def test_an_environment_is_exactly_one_account(tmp_path: Path, ids: str | None, said: str) -> None:
    line = f"  aws:allowedAccountIds: {ids}\n" if ids else ""
    told = problem(tmp_path, "edge", f"config:\n  aws:region: us-east-1\n{line}")
    assert told.endswith(
        f"aws:allowedAccountIds: {said}; allowed is a list of one account id, 12 digits in quotes"
    )


def test_local_is_no_account(tmp_path: Path) -> None:
    told = problem(tmp_path, "edge", REGION, "local")
    assert told.endswith("aws:allowedAccountIds: not allowed; local is no AWS account")


def test_the_account_of_an_environment_is_foundations(tmp_path: Path) -> None:
    write(tmp_path, "foundation", REGION)
    assert read_account("dev", tmp_path) == Account("111111111111", "us-east-1", Names())


def test_every_environment_of_the_repository_is_an_account_of_its_own() -> None:
    environments = ("dev", "staging", "prod")
    assert len({read_account(environment).id for environment in environments}) == len(environments)


@pytest.mark.parametrize(("text", "said"), [("", "missing"), ("  aws:region: mars\n", "not allowed")])
def test_C12_a_region_must_be_configured(tmp_path: Path, text: str, said: str) -> None:
    told = problem(tmp_path, "edge", f"config:\n{text}  fraud-edge:throttleBurst: 5\n")
    assert told.endswith(f"aws:region: {said}; allowed is the name of an AWS region")


@pytest.mark.parametrize(
    ("own", "key"),
    [
        (f"config:\n  aws:region: eu-west-1\n{ACCOUNT}", "aws:region"),
        (REGION.replace("111111111111", "222222222222"), "aws:allowedAccountIds"),
        (REGION + "  fraud-edge:nameSuffix: blue\n", "fraud-edge:nameSuffix"),
    ],
)
def test_a_layer_that_would_not_find_foundations_resources_is_refused(
    tmp_path: Path, own: str, key: str
) -> None:
    write(tmp_path, "foundation", REGION)
    told = problem(tmp_path, "edge", own)
    assert told.startswith(f"stacks/edge/Pulumi.dev.yaml: {key}: differs from fraud-foundation")


@pytest.mark.parametrize(
    ("text", "said"),
    [("a: [", "this is no YAML"), ("config:\n", "config: missing"), ("- a\n", "config: missing")],
)
def test_what_is_no_settings_file_is_said_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    told = problem(tmp_path, "edge", text)
    assert told.startswith(f"stacks/edge/Pulumi.dev.yaml: {said}")
    assert "\n" not in told


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"stacks/edge/Pulumi\.dev\.yaml: there is no such file"):
        validate_file(EdgeSettings, "dev", tmp_path)


@pytest.mark.parametrize("environment", ["local", "dev", "staging", "prod"])
def test_the_repositorys_own_settings_are_right(environment: str) -> None:
    for project in PROJECTS:
        assert validate_file(settings_model(Layer.of(project)), environment).project == project
