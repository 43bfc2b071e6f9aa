"""Names and ARNs of AWS resources."""

from shared.arns import Arns
from shared.names import FUNCTIONS, Names

ARNS = Arns("aws-cn", "123456789012", "cn-north-1", Names())


def test_names_carry_no_environment_and_no_suffix_by_default() -> None:
    assert Names().transactions_table == "transactions"
    assert Names().suspicious_queue == "suspicious"


def test_suffix_is_the_end_of_every_name() -> None:
    names = Names("blue")
    assert names.transactions_table == "transactions-blue"
    assert names.key_alias("data") == "alias/fraud-data-blue"
    assert all(group.endswith("-blue") for group in names.log_groups)


def test_longest_names_are_within_the_limits_of_aws() -> None:
    names = Names("x" * 12)
    assert all(len(names.function(function)) <= 64 for function in FUNCTIONS)
    assert len(names.role("api-gateway-logs")) <= 64
    assert len(names.pipe) <= 64
    assert len(names.state_bucket("123456789012", "ap-northeast-1")) <= 63


def test_arn_contains_partition_account_and_region() -> None:
    assert ARNS.transactions_table == "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/transactions"
    assert ARNS.role("api") == "arn:aws-cn:iam::123456789012:role/fraud-pipeline-api"
    assert ARNS.account_root == "arn:aws-cn:iam::123456789012:root"


def test_arn_of_a_rule_contains_its_bus() -> None:
    assert ARNS.rule.endswith(":rule/fraud-transactions/transaction-inserted")
