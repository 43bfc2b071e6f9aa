"""The layer edge: the REST API for transactions and labels, and its functions."""

from shared import contracts, projects
from shared.alarm_resources import LayerMonitoring
from shared.arns import Arns
from shared.configuration import load_settings
from shared.contracts import DataOutputs, FoundationOutputs
from shared.names import Names
from shared.tags import tag_resources
from stacks.edge.alarms import build_alarm_table
from stacks.edge.api_functions import ApiFunction, EdgeFunctionArgs, LabelsFunction
from stacks.edge.consumers import ConsumerRoles, ConsumerRolesArgs
from stacks.edge.edge_outputs import collect_outputs
from stacks.edge.firewall import Firewall, FirewallArgs
from stacks.edge.rest_api import RestApi, RestApiArgs
from stacks.edge.routes import API_PATHS, HISTORIC, LABELS, TRANSACTIONS, TRANSACTIONS_BATCH
from stacks.edge.sampling import TraceSampling, TraceSamplingArgs
from stacks.edge.settings import EdgeSettings
from stacks.edge.stage import ApiStage, ApiStageArgs, LoggingAccount, LoggingAccountArgs, find_throttles

settings = load_settings(EdgeSettings)
foundation = contracts.load_outputs(FoundationOutputs)
data = contracts.load_outputs(DataOutputs)
tag_resources(projects.EDGE)
arns = Arns.from_caller(Names(settings.name_suffix))

function_args = EdgeFunctionArgs(arns=arns, foundation=foundation, data=data, settings=settings)
api_function = ApiFunction("intake", function_args)
labels_function = LabelsFunction("labelling", function_args)
invoke_arns = dict.fromkeys(API_PATHS, api_function.function.invoke_arn)
invoke_arns |= {LABELS.path: labels_function.function.invoke_arn}
api = RestApi(
    "api",
    RestApiArgs(arns=arns, callers=settings.callers, routes=settings.routes, invoke_arns=invoke_arns),
)
logging = LoggingAccount(
    "logging", LoggingAccountArgs(arns=arns, foundation=foundation, owned=settings.account_logging)
)
stage = ApiStage(
    "stage",
    ApiStageArgs(
        arns=arns,
        api=api,
        logs_key_arn=foundation.logs_key_arn,
        throttles=find_throttles(settings),
        after=[logging],
    ),
)
Firewall("firewall", FirewallArgs(arns=arns, foundation=foundation, stage=stage, settings=settings))
consumer_args = ConsumerRolesArgs(arns=arns, foundation=foundation, stage=stage, settings=settings)
consumers = ConsumerRoles("consumers", consumer_args)
TraceSampling("sampling", TraceSamplingArgs(names=arns.names, settings=settings))
stage.allow_invocations(api_function.function, TRANSACTIONS, TRANSACTIONS_BATCH, HISTORIC)
stage.allow_invocations(labels_function.function, LABELS)
LayerMonitoring("watch", build_alarm_table(arns.names, settings), foundation.operations_topic_arn)

outputs = collect_outputs(api, stage, api_function, labels_function, consumers)
contracts.export_outputs(outputs, inputs=[foundation, data])
