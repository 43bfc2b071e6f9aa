"""The layer processing as its program declares it: pipe, bus, rule, functions and what invokes them."""

import json
import re
from pathlib import Path
from zipfile import ZipFile

import pytest

from detection.rules.rule_file import rules_of
from functions.common.domain.transaction_event import EVENT_FIELDS
from functions.fraud.scoring.rules import RulesError, RuleSet
from stacks.processing.files import CANDIDATE_MODEL, CANDIDATE_RULES, read_files
from stacks.processing.settings import ProcessingSettings
from tests.stacks.mocked_aws import ACCOUNT, REGION
from tests.stacks.recording import ROOT, Program


def test_R4_the_pipe_reads_the_tables_stream_from_its_start_and_writes_to_the_bus(
    processing: Program, data: Program
) -> None:
    pipe = processing.one("pipes/pipe:Pipe")
    stream = pipe["sourceParameters"]["dynamodbStreamParameters"]
    assert pipe["source"] == data.outputs["table_stream_arn"]
    assert pipe["target"] == processing.outputs["bus_arn"]
    assert stream["startingPosition"] == "TRIM_HORIZON"
    assert (stream["batchSize"], stream["parallelizationFactor"]) == (10, 10)


def test_R4_the_pipe_lets_inserted_transactions_pass_and_no_guard_items(processing: Program) -> None:
    (entry,) = processing.one("pipes/pipe:Pipe")["sourceParameters"]["filterCriteria"]["filters"]
    pattern = json.loads(entry["pattern"])
    assert pattern["eventName"] == ["INSERT"]
    required = pattern["dynamodb"]["NewImage"]
    assert required["account_id"] == {"S": [{"exists": True}]}
    assert required["amount"] == {"N": [{"exists": True}]}
    optional = {"channel", "country", "merchant_category", "device_id"}
    assert set(required) == set(EVENT_FIELDS) - optional


def test_R4_the_event_holds_the_fields_that_scoring_reads_and_no_others(processing: Program) -> None:
    template = processing.one("pipes/pipe:Pipe")["targetParameters"]["inputTemplate"]
    placeholders = re.sub(r"<\$\.([A-Za-z_.]+)>", r'"\1"', template)
    assert json.loads(placeholders) == {
        "event_name": "INSERT",
        "transaction": {field: f"dynamodb.NewImage.{field}" for field in EVENT_FIELDS},
    }
    assert "ip_address" not in EVENT_FIELDS


def test_the_pipe_retries_until_records_are_too_old_bisects_and_keeps_what_failed(
    processing: Program,
) -> None:
    stream = processing.one("pipes/pipe:Pipe")["sourceParameters"]["dynamodbStreamParameters"]
    assert stream["maximumRetryAttempts"] == -1
    assert 4 * 60 * 60 < stream["maximumRecordAgeInSeconds"] < 24 * 60 * 60
    assert stream["onPartialBatchItemFailure"] == "AUTOMATIC_BISECT"
    assert stream["deadLetterConfig"] == {"arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:pipe-failures"}


def test_the_pipe_starts_once_its_events_have_somewhere_to_go(processing: Program) -> None:
    dependencies = " ".join(processing.one("pipes/pipe:Pipe").dependencies)
    for needed in ("eventTarget:EventTarget::fraud", "rolePolicy:RolePolicy::pipe"):
        assert needed in dependencies


def test_C4_only_our_pipe_may_assume_the_pipes_role(processing: Program) -> None:
    trust = processing.one("iam/role:Role", "pipe").statements("assumeRolePolicy")["Assume"]
    pipe = processing.one("pipes/pipe:Pipe")
    assert trust["Principal"] == {"Service": "pipes.amazonaws.com"}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnEquals": {"aws:SourceArn": f"arn:aws:pipes:{REGION}:{ACCOUNT}:pipe/{pipe['name']}"},
    }


def test_C4_the_pipe_may_read_the_stream_put_events_and_keep_failures(
    processing: Program, data: Program
) -> None:
    statements = processing.one("iam/rolePolicy:RolePolicy", "pipe").statements()
    resources = {sid: statement["Resource"] for sid, statement in statements.items()}
    assert resources["ReadStream"] == [data.outputs["table_stream_arn"]]
    assert resources["PutEvents"] == [processing.outputs["bus_arn"]]
    assert resources["KeepFailures"] == [f"arn:aws:sqs:{REGION}:{ACCOUNT}:pipe-failures"]


def test_C11_the_bus_is_encrypted_with_our_key(processing: Program, foundation: Program) -> None:
    bus = processing.one("cloudwatch/eventBus:EventBus")
    assert bus["kmsKeyIdentifier"] == foundation.outputs["data_key_arn"]
    assert bus["deadLetterConfig"]["arn"].endswith(":events-failures")


def test_C9_the_rule_matches_an_event_pattern_and_has_no_schedule(processing: Program) -> None:
    rule = processing.one("cloudwatch/eventRule:EventRule")
    assert rule.document("eventPattern") == {
        "source": ["fraud.transactions"],
        "detail-type": ["TransactionInserted"],
        "detail": {"event_name": ["INSERT"]},
    }
    assert rule["eventBusName"] == processing.outputs["bus_name"]
    assert "scheduleExpression" not in rule.inputs


def test_R4_the_rule_matches_what_the_pipe_announces(processing: Program) -> None:
    pattern = processing.one("cloudwatch/eventRule:EventRule").document("eventPattern")
    target = processing.one("pipes/pipe:Pipe")["targetParameters"]["eventbridgeEventBusParameters"]
    assert pattern["source"] == [target["source"]]
    assert pattern["detail-type"] == [target["detailType"]]


def test_R5_the_rule_invokes_the_fraud_function_and_keeps_what_it_cannot_deliver(processing: Program) -> None:
    target = processing.one("cloudwatch/eventTarget:EventTarget")
    function = processing.outputs["fraud_function_name"]
    assert target["arn"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}"
    assert target["retryPolicy"] == {"maximumRetryAttempts": 185, "maximumEventAgeInSeconds": 86400}
    assert target["deadLetterConfig"]["arn"].endswith(":events-failures")


def test_R5_only_that_rule_may_invoke_the_fraud_function(processing: Program) -> None:
    permission = processing.one("lambda/permission:Permission")
    rule = processing.one("cloudwatch/eventRule:EventRule")
    assert permission["principal"] == "events.amazonaws.com"
    assert permission["function"] == processing.outputs["fraud_function_name"]
    assert permission["sourceArn"] == (
        f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{rule['eventBusName']}/{rule['name']}"
    )


def test_only_our_bus_and_rule_may_put_events_into_the_failure_queue(processing: Program) -> None:
    statement = processing.one("sqs/queuePolicy:QueuePolicy", "events-failures").statements()
    condition = statement["KeepWhatFailed"]["Condition"]
    rule = processing.one("lambda/permission:Permission")["sourceArn"]
    assert condition["ArnEquals"]["aws:SourceArn"] == [processing.outputs["bus_arn"], rule]
    assert condition["StringEquals"] == {"aws:SourceAccount": ACCOUNT}


def test_an_event_that_the_fraud_function_fails_on_goes_to_the_retry_queue(processing: Program) -> None:
    invocations = processing.one("lambda/functionEventInvokeConfig:FunctionEventInvokeConfig")
    assert invocations["functionName"] == processing.outputs["fraud_function_name"]
    assert invocations["maximumRetryAttempts"] == 2
    assert invocations["destinationConfig"]["onFailure"]["destination"].endswith(":fraud-retry")


def test_the_retry_queue_feeds_the_fraud_function_for_a_day_before_its_failure_queue(
    processing: Program,
) -> None:
    queue = processing.one("sqs/queue:Queue", "fraud-retry")
    mapping = processing.one("lambda/eventSourceMapping:EventSourceMapping", "fraud-retry")
    redrive = queue.document("redrivePolicy")
    assert mapping["eventSourceArn"].endswith(":fraud-retry")
    assert mapping["functionName"].endswith(f":{processing.outputs['fraud_function_name']}")
    assert mapping["functionResponseTypes"] == ["ReportBatchItemFailures"]
    assert redrive["deadLetterTargetArn"].endswith(":fraud-failures")
    assert redrive["maxReceiveCount"] * queue["visibilityTimeoutSeconds"] >= 24 * 60 * 60


def test_C10_lambda_accepts_the_visibility_timeout_for_every_function_that_reads_a_queue(
    processing: Program,
) -> None:
    for function in ("fraud-function", "notify-function"):
        assert processing.one("lambda/function:Function", function)["timeout"] * 6 <= 360


def test_R7_the_fraud_function_sends_to_the_suspicious_queue(processing: Program, data: Program) -> None:
    variables = processing.one("lambda/function:Function", "fraud-function")["environment"]["variables"]
    statement = processing.one("iam/rolePolicy:RolePolicy", "fraud-permissions").statements()["SendMessages"]
    assert variables["QUEUE_URL"] == data.outputs["suspicious_queue_url"]
    assert data.outputs["suspicious_queue_arn"] in statement["Resource"]


def test_the_fraud_function_is_told_the_tables_and_the_window_of_alerts(processing: Program) -> None:
    variables = processing.one("lambda/function:Function", "fraud-function")["environment"]["variables"]
    assert variables["TABLE_NAME"] == "transactions"
    assert variables["PROFILES_TABLE_NAME"] == "profiles"
    assert variables["ALERT_WINDOW_SECONDS"] == "600"


def test_R5_the_zip_of_the_fraud_function_holds_the_rules_of_the_file(processing: Program) -> None:
    with ZipFile(processing.one("lambda/function:Function", "fraud-function")["code"].path) as archive:
        packaged = RuleSet.from_json(archive.read("functions/fraud/rules.json"))
        names = set(archive.namelist())
    assert packaged == rules_of(ROOT / "stacks" / "processing" / "rules.yaml")
    assert not {"functions/fraud/model.json", CANDIDATE_MODEL, CANDIDATE_RULES} & names


def test_rules_that_are_not_valid_fail_the_program_with_the_files_name(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text("threshold: 2\n")
    with pytest.raises(RulesError, match=r"rules\.yaml.*threshold"):
        read_files(ProcessingSettings(), tmp_path)


def test_R8_the_queue_invokes_the_notify_function_and_failed_messages_come_back_alone(
    processing: Program, data: Program
) -> None:
    mapping = processing.one("lambda/eventSourceMapping:EventSourceMapping", "suspicious")
    assert mapping["eventSourceArn"] == data.outputs["suspicious_queue_arn"]
    assert mapping["functionName"].endswith(f":{processing.outputs['notify_function_name']}")
    assert mapping["functionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["scalingConfig"] == {"maximumConcurrency": 10}


def test_R8_the_notify_function_publishes_to_the_topic(processing: Program, data: Program) -> None:
    variables = processing.one("lambda/function:Function", "notify-function")["environment"]["variables"]
    statement = processing.one("iam/rolePolicy:RolePolicy", "notify-permissions").statements()["Publish"]
    assert variables == {
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        "TABLE_NAME": data.outputs["table_name"],
        "TOPIC_ARN": data.outputs["alerts_topic_arn"],
        "PROFILES_TABLE_NAME": data.outputs["profiles_table_name"],
    }
    assert statement["Resource"] == [data.outputs["alerts_topic_arn"]]
