"""The settings of the layer processing."""

from typing import Annotated, ClassVar

from msgspec import Meta

from shared import projects
from shared.projects import Project
from shared.settings import Architecture, CodeSigning, FunctionSettings, Settings

_NAME = "[A-Za-z0-9._-]+"
ModelFile = Annotated[
    str, Meta(pattern=rf"\A({_NAME}\.json)?\Z", description="a .json file in stacks/processing, or empty")
]


class QueueReaderSettings(
    FunctionSettings, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """A function that reads a queue. Its timeout is at most a sixth of the visibility timeout of 360 s."""

    timeout_seconds: Annotated[int, Meta(ge=15, le=60, description="an integer from 15 to 60")] = 60


class StreamReaderSettings(
    FunctionSettings, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """A function that reads a stream. Its batch may hold thousands of merchants, one write for each."""

    timeout_seconds: Annotated[int, Meta(ge=15, le=120, description="an integer from 15 to 120")] = 120


class ProcessingSettings(Settings, frozen=True, kw_only=True, rename="camel"):
    """The functions of the pipeline, their rules and model, and the retries of each hop.

    `candidate_…`: rules or a model whose decisions are recorded but cause no alerts. `alert_window_seconds`:
    alerts of one account in this time become one alert; 900 s is the maximum delay of an SQS message.
    `merchant_window_seconds`: the time in which merchants' transactions are gathered and counted together.
    """

    project: ClassVar[Project] = projects.PROCESSING

    architecture: Architecture = "arm64"
    code_signing: CodeSigning = False
    fraud: QueueReaderSettings = QueueReaderSettings()
    merchants: StreamReaderSettings = StreamReaderSettings()
    notify: QueueReaderSettings = QueueReaderSettings()
    # Lambda accepts at least 1 s for batches of more than 10 records. With a minute, merchants are counted
    # within the two minutes that functions/common/domain/merchant_features.py leaves out.
    merchant_window_seconds: Annotated[int, Meta(ge=1, le=60, description="an integer from 1 to 60")] = 60
    notify_concurrency: Annotated[int, Meta(ge=2, le=1000, description="an integer from 2 to 1000")] = 10
    event_retries: Annotated[int, Meta(ge=0, le=185, description="an integer from 0 to 185")] = 185
    fraud_retries: Annotated[int, Meta(ge=0, le=2, description="an integer from 0 to 2")] = 2
    # One attempt every six minutes for a day, so that events survive an outage of several hours.
    retry_receives: Annotated[int, Meta(ge=50, le=1000, description="an integer from 50 to 1000")] = 240
    retry_concurrency: Annotated[int, Meta(ge=2, le=1000, description="an integer from 2 to 1000")] = 20
    deletion_protection: Annotated[bool, Meta(description="true or false")] = True
    rules_file: Annotated[
        str, Meta(pattern=rf"\A{_NAME}\.yaml\Z", description="a .yaml file in stacks/processing")
    ] = "rules.yaml"
    model_file: ModelFile = ""
    candidate_rules_file: Annotated[
        str,
        Meta(pattern=rf"\A({_NAME}\.yaml)?\Z", description="a .yaml file in stacks/processing, or empty"),
    ] = ""
    candidate_model_file: ModelFile = ""
    alert_window_seconds: Annotated[int, Meta(ge=0, le=900, description="an integer from 0 to 900")] = 600

    def __post_init__(self) -> None:
        if self.notify_concurrency > self.notify.reserved_concurrency:
            raise ValueError("notifyConcurrency: an integer not above notify.reservedConcurrency")
        if self.retry_concurrency > self.fraud.reserved_concurrency // 2:
            raise ValueError("retryConcurrency: an integer not above half of fraud.reservedConcurrency")
