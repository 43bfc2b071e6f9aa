"""Settings from a file: valid ones are typed, invalid ones are reported with file and key."""

from pathlib import Path

import pytest

from orchestration.layers import Layer, find_layer, load_settings_model
from shared.configuration import Account, CombinedSettingsError, SettingsError, read_account, validate_file
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


def write_settings(root: Path, layer: str, text: str, environment: str = "dev") -> None:
    folder = root / "stacks" / layer
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"Pulumi.{environment}.yaml").write_text(text)


def find_error(root: Path, layer: str, text: str, environment: str = "dev") -> SettingsError:
    """The first error for a file with this text. Each error is one line."""
    write_settings(root, layer, text, environment)
    with pytest.raises(SettingsError) as caught:
        validate_file(load_settings_model(find_layer(layer)), environment, root)
    assert caught.value.file == f"stacks/{layer}/Pulumi.{environment}.yaml"
    errors = caught.value.errors if isinstance(caught.value, CombinedSettingsError) else [caught.value]
    assert str(caught.value).count("\n") == len(errors) - 1
    return caught.value


def test_settings_are_typed_and_have_safe_defaults(tmp_path: Path) -> None:
    write_settings(
        tmp_path,
        "data",
        REGION + "  fraud-data:retentionDays: 30\n  fraud-data:alertEmails: [a@example.com]\n",
    )
    assert validate_file(DataSettings, "dev", tmp_path) == DataSettings(
        retention_days=30, alert_emails=("a@example.com",), deletion_protection=True, max_receives=5
    )


def test_nested_setting_is_typed(tmp_path: Path) -> None:
    write_settings(tmp_path, "edge", REGION + "  fraud-edge:api: {memoryMb: 1024}\n")
    settings = validate_file(EdgeSettings, "dev", tmp_path)
    assert (settings.api.memory_mb, settings.api.timeout_seconds) == (1024, 15)


def test_key_without_a_namespace_belongs_to_the_project(tmp_path: Path) -> None:
    write_settings(tmp_path, "edge", REGION + "  throttleBurst: 7\n")
    settings = validate_file(EdgeSettings, "dev", tmp_path)
    assert settings.throttle_burst == 7


@pytest.mark.parametrize(
    ("setting", "key", "allowed"),
    [
        ("throttleBurst: 0", "throttleBurst", "1 to 5000"),
        ("throttleBurst: 1.5", "throttleBurst", "1 to 5000"),
        ("throttleBurst: 101", "throttleBurst", "1 to 100, "),
        ("labelsThrottleBurst: 101", "labelsThrottleBurst", "1 to 100, "),
        ("labelsRequestsPerSecond: 1001", "labelsRequestsPerSecond", "1 to 1000"),
        ("accountLogging: 1", "accountLogging", "true or false"),
        ("architecture: mips", "architecture", "arm64, x86_64"),
        ("nameSuffix: UPPER", "nameSuffix", "a-z"),
        ("nameSuffix: {secure: AAABAA==}", "nameSuffix", "a-z"),
        ("api: {reservedConcurrency: 99}", "api.reservedConcurrency", "100 to 10000"),
        ("api: {timeoutSeconds: 30}", "api.timeoutSeconds", "1 to 29"),
        ("labels: {timeoutSeconds: 30}", "labels.timeoutSeconds", "1 to 29"),
        ("api: {memory: 1}", "api.memory", "logLevel, memoryMb, reservedConcurrency"),
        ("api: 512", "api", "memoryMb"),
        ("trottleBurst: 5", "trottleBurst", "accountLogging, api, architecture"),
    ],
)
def test_invalid_setting_is_reported_with_its_key_and_the_allowed_values(
    tmp_path: Path, setting: str, key: str, allowed: str
) -> None:
    error = find_error(tmp_path, "edge", f"{REGION}  fraud-edge:{setting}\n")
    assert error.key == f"fraud-edge:{key}"
    assert allowed in str(error)


@pytest.mark.parametrize(
    ("setting", "key"),
    [
        ("vpcCidr: 8.8.0.0/16", "vpcCidr"),
        ("vpcCidr: 10.0.0.0/8", "vpcCidr"),
        ("vpcCidr: 10.0.0.1/16", "vpcCidr"),
        ("availabilityZoneIds: [use1-az1]", "availabilityZoneIds"),
        ("availabilityZoneIds: [use1-az1, use1-az1]", "availabilityZoneIds"),
        ("availabilityZoneIds: [us-east-1a, us-east-1b]", "availabilityZoneIds[0]"),
        ("availabilityZones: [us-east-1a, us-east-1b]", "availabilityZones"),
        ("keyDeletionDays: 3", "keyDeletionDays"),
    ],
)
def test_invalid_network_or_key_setting_is_refused(tmp_path: Path, setting: str, key: str) -> None:
    repository = "  fraud-foundation:repository: example/fraud-pipeline\n"
    text = f"{REGION}{OPERATIONS}{repository}  fraud-foundation:{setting}\n"
    assert find_error(tmp_path, "foundation", text).key == f"fraud-foundation:{key}"


@pytest.mark.parametrize("repository", ["example/fraud-pipeline", "example@123456/fraud-pipeline@456789"])
def test_repository_has_the_form_of_a_token_subject(tmp_path: Path, repository: str) -> None:
    text = f"{REGION}{OPERATIONS}  fraud-foundation:repository: {repository}\n"
    write_settings(tmp_path, "foundation", text)
    assert validate_file(FoundationSettings, "dev", tmp_path).repository == repository


@pytest.mark.parametrize(
    "repository",
    ["fraud-pipeline", "example/", "example/*", "example/a/b", "*/*", "a@1/b", "a/b@2", "a@*/b@2", "a@/b@"],
)
def test_invalid_repository_is_refused(tmp_path: Path, repository: str) -> None:
    text = f'{REGION}{OPERATIONS}  fraud-foundation:repository: "{repository}"\n'
    error = find_error(tmp_path, "foundation", text)
    assert error.key == "fraud-foundation:repository"


def test_C10_notify_timeout_over_a_sixth_of_the_visibility_timeout_is_refused(tmp_path: Path) -> None:
    error = find_error(tmp_path, "processing", f"{REGION}  fraud-processing:notify: {{timeoutSeconds: 61}}\n")
    assert error.key == "fraud-processing:notify.timeoutSeconds"
    assert "15 to 60" in str(error)


def test_C8_more_concurrent_batches_than_reserved_concurrency_are_refused(tmp_path: Path) -> None:
    error = find_error(tmp_path, "processing", f"{REGION}  fraud-processing:notifyConcurrency: 101\n")
    assert error.key == "fraud-processing:notifyConcurrency"
    assert "notify.reservedConcurrency" in str(error)


@pytest.mark.parametrize(
    ("setting", "allowed"),
    [
        ("modelFile: model.yaml", ".json"),
        ("modelFile: ../model.json", ".json"),
        ("candidateModelFile: model", ".json"),
        ("candidateRulesFile: rules.json", ".yaml"),
        ("rulesFile: ''", ".yaml"),
        ("alertWindowSeconds: 901", "0 to 900"),
    ],
)
def test_invalid_scoring_setting_is_refused(tmp_path: Path, setting: str, allowed: str) -> None:
    error = find_error(tmp_path, "processing", f"{REGION}  fraud-processing:{setting}\n")
    assert error.key == f"fraud-processing:{setting.partition(':')[0]}"
    assert allowed in str(error)


def test_missing_required_setting_is_reported(tmp_path: Path) -> None:
    error = find_error(tmp_path, "data", f"{REGION}  fraud-data:retentionDays: 30\n")
    assert error.key == "fraud-data:alertEmails"


def test_R9_invalid_email_address_is_refused(tmp_path: Path) -> None:
    settings = "  fraud-data:retentionDays: 30\n  fraud-data:alertEmails: [a@example.com, nobody]\n"
    assert find_error(tmp_path, "data", REGION + settings).key == "fraud-data:alertEmails[1]"


def test_setting_of_another_project_is_refused(tmp_path: Path) -> None:
    error = find_error(tmp_path, "edge", f"{REGION}  fraud-egde:throttleBurst: 5\n")
    assert error.key == "fraud-egde:throttleBurst"


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_host_architecture_is_refused_in_an_account(tmp_path: Path, environment: str) -> None:
    error = find_error(tmp_path, "edge", f"{REGION}  fraud-edge:architecture: host\n", environment)
    assert error.key == "fraud-edge:architecture"


@pytest.mark.parametrize(
    "ids",
    [
        None,
        "[]",
        "[111111111111]",
        '"111111111111"',
        '["11111111111"]',
        '["111111111111", "222222222222"]',
    ],
)
def test_environment_has_exactly_one_account(tmp_path: Path, ids: str | None) -> None:
    line = f"  aws:allowedAccountIds: {ids}\n" if ids else ""
    error = find_error(tmp_path, "edge", f"config:\n  aws:region: us-east-1\n{line}")
    assert error.key == "aws:allowedAccountIds"


def test_local_environment_has_no_account(tmp_path: Path) -> None:
    assert find_error(tmp_path, "edge", REGION, "local").key == "aws:allowedAccountIds"


def test_account_of_an_environment_comes_from_foundation(tmp_path: Path) -> None:
    write_settings(tmp_path, "foundation", REGION)
    assert read_account("dev", tmp_path) == Account("111111111111", "us-east-1", Names())


def test_every_environment_of_the_repository_has_its_own_account() -> None:
    environments = ("dev", "staging", "prod")
    assert len({read_account(environment).id for environment in environments}) == len(environments)


@pytest.mark.parametrize("text", ["", "  aws:region: mars\n"])
def test_C12_region_must_be_configured(tmp_path: Path, text: str) -> None:
    error = find_error(tmp_path, "edge", f"config:\n{text}  fraud-edge:throttleBurst: 5\n")
    assert error.key == "aws:region"


@pytest.mark.parametrize(
    ("own", "key"),
    [
        (f"config:\n  aws:region: eu-west-1\n{ACCOUNT}", "aws:region"),
        (REGION.replace("111111111111", "222222222222"), "aws:allowedAccountIds"),
        (REGION + "  fraud-edge:nameSuffix: blue\n", "fraud-edge:nameSuffix"),
    ],
)
def test_layer_that_disagrees_with_foundation_is_refused(tmp_path: Path, own: str, key: str) -> None:
    write_settings(tmp_path, "foundation", REGION)
    assert find_error(tmp_path, "edge", own).key == key


@pytest.mark.parametrize("upstream", ["", "  fraud-foundation:codeSigning: false\n"])
def test_layer_signs_only_if_foundation_does(tmp_path: Path, upstream: str) -> None:
    write_settings(tmp_path, "foundation", REGION + upstream)
    signed = REGION + "  fraud-edge:codeSigning: true\n"
    assert find_error(tmp_path, "edge", signed).key == "fraud-edge:codeSigning"
    write_settings(tmp_path, "foundation", REGION + "  fraud-foundation:codeSigning: true\n")
    assert validate_file(EdgeSettings, "dev", tmp_path).code_signing


def test_layer_stops_signing_before_foundation(tmp_path: Path) -> None:
    write_settings(tmp_path, "foundation", REGION + "  fraud-foundation:codeSigning: true\n")
    write_settings(tmp_path, "edge", REGION)
    assert not validate_file(EdgeSettings, "dev", tmp_path).code_signing


def test_embedded_aws_signs_no_code(tmp_path: Path) -> None:
    text = "config:\n  aws:region: us-east-1\n  fraud-edge:codeSigning: true\n"
    assert find_error(tmp_path, "edge", text, "local").key == "fraud-edge:codeSigning"


@pytest.mark.parametrize(("text", "key"), [("a: [", ""), ("config:\n", "config"), ("- a\n", "config")])
def test_malformed_file_is_reported(tmp_path: Path, text: str, key: str) -> None:
    assert find_error(tmp_path, "edge", text).key == key


def test_malformed_yaml_is_reported_with_its_line(tmp_path: Path) -> None:
    error = find_error(tmp_path, "edge", REGION + "  fraud-edge:api: {memoryMb: 1024\n  x: 1\n")
    assert error.line == 5
    assert "stacks/edge/Pulumi.dev.yaml:5: " in str(error)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (REGION + "  fraud-edge:throttleBurst: 5\n  fraud-edge:throttleBurst: 6\n", 5),
        (REGION + "config: {}\n", 4),
        (REGION + "  fraud-edge:api: {memoryMb: 512, memoryMb: 1024}\n", 4),
    ],
)
def test_duplicate_key_is_reported_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    assert find_error(tmp_path, "edge", text).line == line


def test_every_invalid_setting_is_reported(tmp_path: Path) -> None:
    settings = (
        "  fraud-edge:throttleBurst: 0\n  fraud-edge:trottleBurst: 1\n  other:key: 1\n"
        "  fraud-edge:api: {memoryMb: 1, memory: 2}\n"
    )
    error = find_error(tmp_path, "edge", "config:\n  aws:region: mars\n" + settings)
    assert isinstance(error, CombinedSettingsError)
    assert {entry.key for entry in error.errors} == {
        "other:key",
        "aws:region",
        "aws:allowedAccountIds",
        "fraud-edge:trottleBurst",
        "fraud-edge:throttleBurst",
        "fraud-edge:api.memory",
        "fraud-edge:api.memoryMb",
    }


def test_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        validate_file(EdgeSettings, "dev", tmp_path)
    assert caught.value.file == "stacks/edge/Pulumi.dev.yaml"


@pytest.mark.parametrize("environment", ["local", "dev", "staging", "prod"])
def test_settings_of_the_repository_are_valid(environment: str) -> None:
    for project in PROJECTS:
        settings = validate_file(load_settings_model(Layer.from_project(project)), environment)
        assert settings.project == project
