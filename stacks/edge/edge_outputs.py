"""The outputs of the layer edge, from its components."""

from shared.contracts import EdgeOutputs
from stacks.edge.api_functions import ApiFunction, LabelsFunction
from stacks.edge.consumers import ConsumerRoles
from stacks.edge.rest_api import RestApi
from stacks.edge.routes import HISTORIC, LABELS, TRANSACTIONS, TRANSACTIONS_BATCH
from stacks.edge.stage import ApiStage


def collect_outputs(
    api: RestApi, stage: ApiStage, intake: ApiFunction, labelling: LabelsFunction, consumers: ConsumerRoles
) -> EdgeOutputs:
    return EdgeOutputs(
        api_url=stage.url(TRANSACTIONS),
        api_id=api.rest_api.id,
        stage_name=stage.stage.stage_name,
        api_arn=stage.arn(TRANSACTIONS),
        api_function_name=intake.function.name,
        labels_url=stage.url(LABELS),
        labels_api_arn=stage.arn(LABELS),
        labels_function_name=labelling.function.name,
        transactions_batch_url=stage.url(TRANSACTIONS_BATCH),
        transactions_batch_api_arn=stage.arn(TRANSACTIONS_BATCH),
        historic_url=stage.url(HISTORIC),
        historic_api_arn=stage.arn(HISTORIC),
        consumer_role_arns=consumers.role_arns,
    )
