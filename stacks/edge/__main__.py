"""The layer edge: the REST API that transactions and labels are posted to, and the functions behind it."""

from shared import contracts, projects
from shared.alarm_resources import Watch
from shared.arns import Arns
from shared.configuration import load
from shared.contracts import DataOutputs, EdgeOutputs, FoundationOutputs
from shared.names import Names
from shared.tags import tag_resources
from stacks.edge.alarms import read_table
from stacks.edge.api import TransactionApi, TransactionApiArgs
from stacks.edge.intake import Intake, IntakeArgs
from stacks.edge.labelling import Labelling, LabellingArgs
from stacks.edge.logging_account import LoggingAccount, LoggingAccountArgs
from stacks.edge.routes import LABELS, TRANSACTIONS
from stacks.edge.settings import EdgeSettings
from stacks.edge.stage import ApiStage, ApiStageArgs, throttles_of

settings = load(EdgeSettings)
foundation = contracts.load(FoundationOutputs)
data = contracts.load(DataOutputs)
tag_resources(projects.EDGE)
arns = Arns.of_caller(Names(settings.name_suffix))

intake = Intake("intake", IntakeArgs(arns=arns, foundation=foundation, data=data, settings=settings))
labelling = Labelling(
    "labelling", LabellingArgs(arns=arns, foundation=foundation, data=data, settings=settings)
)
invoke_arns = {TRANSACTIONS.path: intake.function.invoke_arn, LABELS.path: labelling.function.invoke_arn}
api = TransactionApi("api", TransactionApiArgs(name=arns.names.api, invoke_arns=invoke_arns))
logging = LoggingAccount(
    "logging",
    LoggingAccountArgs(arns=arns, foundation=foundation, owned=settings.account_logging),
)
stage = ApiStage(
    "stage",
    ApiStageArgs(
        arns=arns,
        api=api,
        logs_key_arn=foundation.logs_key_arn,
        throttles=throttles_of(settings),
        after=[logging],
    ),
)
intake.function.invocable_by("apigateway", stage.arn(TRANSACTIONS))
labelling.function.invocable_by("apigateway", stage.arn(LABELS))
Watch("watch", read_table(arns.names, settings), foundation.operations_topic_arn)

contracts.export(
    EdgeOutputs(
        api_url=stage.url(TRANSACTIONS),
        api_id=api.rest_api.id,
        stage_name=stage.stage.stage_name,
        api_arn=stage.arn(TRANSACTIONS),
        function_name=intake.function.name,
        labels_url=stage.url(LABELS),
        labels_api_arn=stage.arn(LABELS),
        labels_function_name=labelling.function.name,
    ),
    reads=[foundation, data],
)
