"""The resources of the layer processing: pipe, bus, rule, functions and their event sources."""

import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from detection.rules.rule_file import read_rules
from functions.api.transaction_store import build_transaction_item
from functions.common.domain.transaction import TRANSACTION_FIELDS
from functions.common.domain.transaction_event import EVENT_FIELDS, REQUIRED_FIELDS, decode_transaction
from functions.fraud.scoring.rules import RulesError, RuleSet
from functions.fraud.service import read_event
from local.delivery.pipes.delivery import render_template
from stacks.processing.files import CANDIDATE_MODEL, CANDIDATE_RULES, read_files
from stacks.processing.settings import ProcessingSettings
from tests.stacks.mocked_aws import ACCOUNT, REGION
from tests.stacks.recording import ROOT, RecordedProgram
from tests.unit.functions.builders import NOW, transaction


def test_R4_pipe_reads_the_stream_from_its_start_and_writes_to_the_bus(
    processing: RecordedProgram, data: RecordedProgram
) -> None:
    pipe = processing.find_one("pipes/pipe:Pipe")
    stream = pipe["sourceParameters"]["dynamodbStreamParameters"]
    assert pipe["source"] == data.outputs["transactions_stream_arn"]
    assert pipe["target"] == processing.outputs["bus_arn"]
    assert stream["startingPosition"] == "TRIM_HORIZON"
    assert (stream["batchSize"], stream["parallelizationFactor"]) == (10, 10)


def test_R4_pipe_accepts_only_inserted_transactions(processing: RecordedProgram) -> None:
    (entry,) = processing.find_one("pipes/pipe:Pipe")["sourceParameters"]["filterCriteria"]["filters"]
    pattern = json.loads(entry["pattern"])
    assert pattern["eventName"] == ["INSERT"]
    required = pattern["dynamodb"]["NewImage"]
    assert required["account_id"] == {"S": [{"exists": True}]}
    assert required["amount"] == {"N": [{"exists": True}]}
    assert set(required) == {field.name for field in TRANSACTION_FIELDS if field.required} | {"received_at"}


def test_R4_event_has_the_fields_that_scoring_reads_and_no_other(processing: RecordedProgram) -> None:
    template = processing.find_one("pipes/pipe:Pipe")["targetParameters"]["inputTemplate"]
    stored = build_transaction_item(transaction(device_id=None, country=None), NOW, 1, historic=True)
    detail = json.loads(render_template(template, {"dynamodb": {"NewImage": stored}}, {}))
    assert detail == {"event_name": "INSERT", "transaction": {name: stored[name] for name in EVENT_FIELDS}}


@pytest.mark.parametrize("name", [name for name in EVENT_FIELDS if name not in REQUIRED_FIELDS])
def test_R4_event_of_an_item_of_an_older_version_is_readable(processing: RecordedProgram, name: str) -> None:
    template = processing.find_one("pipes/pipe:Pipe")["targetParameters"]["inputTemplate"]
    stored = build_transaction_item(transaction(**({} if name == "historic" else {name: None})), NOW, 1)
    older = {key: value for key, value in stored.items() if key != name}
    detail = render_template(template, {"dynamodb": {"NewImage": older}}, {})
    assert read_event({"detail": json.loads(detail)}) == decode_transaction(stored)


def test_pipe_retries_until_records_are_too_old(
    processing: RecordedProgram,
) -> None:
    stream = processing.find_one("pipes/pipe:Pipe")["sourceParameters"]["dynamodbStreamParameters"]
    assert stream["maximumRetryAttempts"] == -1
    assert 4 * 60 * 60 < stream["maximumRecordAgeInSeconds"] < 24 * 60 * 60
    assert stream["onPartialBatchItemFailure"] == "AUTOMATIC_BISECT"
    assert stream["deadLetterConfig"] == {"arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:pipe-failures"}


def test_pipe_depends_on_its_consumer_and_permissions(processing: RecordedProgram) -> None:
    dependencies = " ".join(processing.find_one("pipes/pipe:Pipe").dependencies)
    for needed in ("eventTarget:EventTarget::fraud", "rolePolicy:RolePolicy::pipe"):
        assert needed in dependencies


def test_C4_only_the_pipe_may_assume_its_role(processing: RecordedProgram) -> None:
    trust = processing.find_one("iam/role:Role", "pipe").statements("assumeRolePolicy")["Assume"]
    pipe = processing.find_one("pipes/pipe:Pipe")
    assert trust["Principal"] == {"Service": "pipes.amazonaws.com"}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnEquals": {"aws:SourceArn": f"arn:aws:pipes:{REGION}:{ACCOUNT}:pipe/{pipe['name']}"},
    }


def test_C4_pipe_may_read_the_stream_put_events_and_send_failures(
    processing: RecordedProgram, data: RecordedProgram
) -> None:
    statements = processing.find_one("iam/rolePolicy:RolePolicy", "pipe").statements()
    resources = {sid: statement["Resource"] for sid, statement in statements.items()}
    assert resources["ReadStream"] == [data.outputs["transactions_stream_arn"]]
    assert resources["PutEvents"] == [processing.outputs["bus_arn"]]
    assert resources["KeepFailures"] == [f"arn:aws:sqs:{REGION}:{ACCOUNT}:pipe-failures"]


def test_C11_bus_is_encrypted_with_the_data_key(
    processing: RecordedProgram, foundation: RecordedProgram
) -> None:
    bus = processing.find_one("cloudwatch/eventBus:EventBus")
    assert bus["kmsKeyIdentifier"] == foundation.outputs["data_key_arn"]
    assert bus["deadLetterConfig"]["arn"].endswith(":events-failures")


def test_C9_rule_has_an_event_pattern_and_no_schedule(processing: RecordedProgram) -> None:
    rule = processing.find_one("cloudwatch/eventRule:EventRule")
    assert rule.document("eventPattern") == {
        "source": ["fraud.transactions"],
        "detail-type": ["TransactionInserted"],
        "detail": {"event_name": ["INSERT"]},
    }
    assert rule["eventBusName"] == processing.outputs["bus_name"]
    assert "scheduleExpression" not in rule.inputs


def test_R4_rule_matches_the_events_of_the_pipe(processing: RecordedProgram) -> None:
    pattern = processing.find_one("cloudwatch/eventRule:EventRule").document("eventPattern")
    target = processing.find_one("pipes/pipe:Pipe")["targetParameters"]["eventbridgeEventBusParameters"]
    assert pattern["source"] == [target["source"]]
    assert pattern["detail-type"] == [target["detailType"]]


def test_R5_rule_invokes_the_fraud_function_with_a_dead_letter_queue(
    processing: RecordedProgram,
) -> None:
    target = processing.find_one("cloudwatch/eventTarget:EventTarget")
    function = processing.outputs["fraud_function_name"]
    assert target["arn"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}"
    assert target["retryPolicy"] == {"maximumRetryAttempts": 185, "maximumEventAgeInSeconds": 86400}
    assert target["deadLetterConfig"]["arn"].endswith(":events-failures")


def test_R5_only_the_rule_may_invoke_the_fraud_function(processing: RecordedProgram) -> None:
    permission = processing.find_one("lambda/permission:Permission")
    rule = processing.find_one("cloudwatch/eventRule:EventRule")
    assert permission["principal"] == "events.amazonaws.com"
    assert permission["function"] == processing.outputs["fraud_function_name"]
    assert permission["sourceArn"] == (
        f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{rule['eventBusName']}/{rule['name']}"
    )


def test_only_the_bus_and_the_rule_may_send_to_the_failure_queue(processing: RecordedProgram) -> None:
    statement = processing.find_one("sqs/queuePolicy:QueuePolicy", "events-failures").statements()
    condition = statement["KeepWhatFailed"]["Condition"]
    rule = processing.find_one("lambda/permission:Permission")["sourceArn"]
    assert condition["ArnEquals"]["aws:SourceArn"] == [processing.outputs["bus_arn"], rule]
    assert condition["StringEquals"] == {"aws:SourceAccount": ACCOUNT}


def test_failed_event_is_sent_to_the_retry_queue(
    processing: RecordedProgram,
) -> None:
    invocations = processing.find_one("lambda/functionEventInvokeConfig:FunctionEventInvokeConfig")
    assert invocations["functionName"] == processing.outputs["fraud_function_name"]
    assert invocations["maximumRetryAttempts"] == 2
    assert invocations["destinationConfig"]["onFailure"]["destination"].endswith(":fraud-retry")


def test_retry_queue_delivers_for_a_day_before_the_failure_queue(
    processing: RecordedProgram,
) -> None:
    queue = processing.find_one("sqs/queue:Queue", "fraud-retry")
    mapping = processing.find_one("lambda/eventSourceMapping:EventSourceMapping", "fraud-retry")
    redrive = queue.document("redrivePolicy")
    assert mapping["eventSourceArn"].endswith(":fraud-retry")
    assert mapping["functionName"].endswith(f":{processing.outputs['fraud_function_name']}")
    assert mapping["functionResponseTypes"] == ["ReportBatchItemFailures"]
    assert redrive["deadLetterTargetArn"].endswith(":fraud-failures")
    assert redrive["maxReceiveCount"] * queue["visibilityTimeoutSeconds"] >= 24 * 60 * 60


def test_C10_visibility_timeout_is_six_times_the_timeout_of_the_function(
    processing: RecordedProgram,
) -> None:
    for function in ("fraud-function", "notify-function"):
        assert processing.find_one("lambda/function:Function", function)["timeout"] * 6 <= 360


def test_R7_fraud_function_sends_to_the_suspicious_queue(
    processing: RecordedProgram, data: RecordedProgram
) -> None:
    variables = processing.find_one("lambda/function:Function", "fraud-function")["environment"]["variables"]
    statement = processing.find_one("iam/rolePolicy:RolePolicy", "fraud-permissions").statements()[
        "SendMessages"
    ]
    assert variables["QUEUE_URL"] == data.outputs["suspicious_queue_url"]
    assert data.outputs["suspicious_queue_arn"] in statement["Resource"]


def test_fraud_function_has_the_tables_the_alert_window_and_the_retention(
    processing: RecordedProgram, data: RecordedProgram
) -> None:
    variables = processing.find_one("lambda/function:Function", "fraud-function")["environment"]["variables"]
    assert variables["TABLE_NAME"] == "transactions"
    assert variables["PROFILES_TABLE_NAME"] == "profiles"
    assert variables["ALERT_WINDOW_SECONDS"] == "600"
    assert variables["RETENTION_DAYS"] == str(data.outputs["retention_days"])


def test_R5_package_of_the_fraud_function_contains_the_rules(processing: RecordedProgram) -> None:
    with ZipFile(processing.find_one("lambda/function:Function", "fraud-function")["code"].path) as archive:
        packaged = RuleSet.from_json(archive.read("functions/fraud/rules.json"))
        names = set(archive.namelist())
    assert packaged == read_rules(ROOT / "stacks" / "processing" / "rules.yaml")
    assert not {"functions/fraud/model.json", CANDIDATE_MODEL, CANDIDATE_RULES} & names


def test_invalid_rules_are_reported_with_the_file_and_the_field(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text("threshold: 2\n")
    with pytest.raises(RulesError, match=r"rules\.yaml.*threshold"):
        read_files(ProcessingSettings(), tmp_path)


def test_R8_queue_invokes_the_notify_function_with_partial_batch_responses(
    processing: RecordedProgram, data: RecordedProgram
) -> None:
    mapping = processing.find_one("lambda/eventSourceMapping:EventSourceMapping", "suspicious")
    assert mapping["eventSourceArn"] == data.outputs["suspicious_queue_arn"]
    assert mapping["functionName"].endswith(f":{processing.outputs['notify_function_name']}")
    assert mapping["functionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["scalingConfig"] == {"maximumConcurrency": 10}


def test_R8_notify_function_publishes_to_the_topic(
    processing: RecordedProgram, data: RecordedProgram
) -> None:
    variables = processing.find_one("lambda/function:Function", "notify-function")["environment"]["variables"]
    statement = processing.find_one("iam/rolePolicy:RolePolicy", "notify-permissions").statements()["Publish"]
    assert variables == {
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        "TABLE_NAME": data.outputs["transactions_table_name"],
        "TOPIC_ARN": data.outputs["alerts_topic_arn"],
        "PROFILES_TABLE_NAME": data.outputs["profiles_table_name"],
    }
    assert statement["Resource"] == [data.outputs["alerts_topic_arn"]]
