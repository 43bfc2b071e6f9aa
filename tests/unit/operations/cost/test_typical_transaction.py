import pytest

from tests.unit.operations.cost.environments import declare, estimate, typical_transaction

# The most units of one transaction that is not suspicious and has no device or IP address, with the shares of
# its merchant's and category's profiles, which are written once for each batch. Lower them with a change that
# needs fewer, never raise them: a million write units cost $0.625. 0.26 of them are the category (ADR 37).
WRITE_UNITS = 6.75
READ_UNITS = 2
# One more write for a device or IP address, and no more reads.
ORIGIN_WRITE_UNITS = 1


def test_transaction_consumes_at_most_the_units_of_the_goal() -> None:
    result = estimate(declare())
    assert result.write_units - result.origin_write_units <= WRITE_UNITS
    assert result.origin_write_units == ORIGIN_WRITE_UNITS
    assert result.read_units <= READ_UNITS


@pytest.mark.parametrize("kind", ["merchant", "category"])
def test_merchant_or_category_of_a_batch_consumes_one_write_unit_with_the_positions_of_a_day(
    kind: str,
) -> None:
    typical = typical_transaction()
    key = typical.merchant_key if kind == "merchant" else typical.category_key
    requests = typical.functions["merchants"].requests
    assert sum(request.write_units for request in requests if request.key == key) == 1


def test_units_are_those_of_the_requests_of_api_and_fraud() -> None:
    functions = typical_transaction().functions
    tables = {name: {request.table for request in usage.requests} for name, usage in functions.items()}
    assert tables["api"] == {"transactions"}
    assert tables["fraud"] == {"transactions", "profiles"}
    assert tables["notify"] == {"transactions"}
    assert tables["merchants"] == {"profiles"}


def test_profiles_are_full_after_the_history() -> None:
    typical = typical_transaction()
    # 40 amounts with times and 30 days with totals in the account, 124 half days in the merchant.
    assert 500 < typical.account_bytes <= 1024
    assert 300 < typical.merchant_bytes <= 1024
    assert 300 < typical.category_bytes <= 1024
    assert 0 < typical.origin_bytes <= 1024
    assert typical.transaction_bytes <= 1024


def test_log_of_each_function_is_one_line_with_its_metrics() -> None:
    functions = typical_transaction().functions
    assert {name: len(usage.log_lines) for name, usage in functions.items()} == {
        "api": 1,
        "fraud": 1,
        "merchants": 1,
        "notify": 1,
    }
    assert functions["api"].metrics == {"TransactionsAccepted"}
    assert functions["fraud"].metrics == {"TransactionsScored", "DecidedLate", "PostToScore"}
    assert functions["notify"].metrics == {"AlertsPublished", "PostToAlert"}
