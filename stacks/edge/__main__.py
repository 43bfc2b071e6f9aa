"""The layer edge: the REST API that transactions are posted to, and the api function behind it."""

from shared import contracts, projects
from shared.arns import Arns
from shared.configuration import load
from shared.contracts import DataOutputs, EdgeOutputs, FoundationOutputs
from shared.names import Names
from shared.tags import tag_resources
from stacks.edge.api import TransactionApi, TransactionApiArgs
from stacks.edge.intake import Intake, IntakeArgs
from stacks.edge.logging_account import LoggingAccount, LoggingAccountArgs
from stacks.edge.settings import EdgeSettings
from stacks.edge.stage import ApiStage, ApiStageArgs

settings = load(EdgeSettings)
foundation = contracts.load(FoundationOutputs)
data = contracts.load(DataOutputs)
tag_resources(projects.EDGE)
arns = Arns.of_caller(Names(settings.name_suffix))

intake = Intake("intake", IntakeArgs(arns=arns, foundation=foundation, data=data, settings=settings))
api = TransactionApi(
    "api", TransactionApiArgs(name=arns.names.api, function_invoke_arn=intake.function.invoke_arn)
)
logging = LoggingAccount(
    "logging",
    LoggingAccountArgs(
        arns=arns, boundary_arn=foundation.gateway_logs_boundary_arn, owned=settings.account_logging
    ),
)
stage = ApiStage(
    "stage",
    ApiStageArgs(
        arns=arns,
        api=api,
        logs_key_arn=foundation.logs_key_arn,
        throttle_burst=settings.throttle_burst,
        after=[logging],
    ),
)
intake.function.invocable_by("apigateway", stage.post_arn)

contracts.export(
    EdgeOutputs(
        api_url=stage.url,
        api_id=api.rest_api.id,
        stage_name=stage.stage.stage_name,
        api_arn=stage.post_arn,
        function_name=intake.function.name,
    ),
    reads=[foundation, data],
)
