from tests.unit.operations.cost.environments import typical_transaction

# The units of one transaction that is not suspicious. Lower them with a change that needs fewer, never raise
# them: a million write units cost $0.625. The goal is 6.5 and 2.
WRITE_UNITS = 12
READ_UNITS = 2


def test_transaction_consumes_a_fixed_number_of_request_units() -> None:
    typical = typical_transaction()
    assert (typical.write_units, typical.read_units) == (WRITE_UNITS, READ_UNITS)


def test_units_are_those_of_the_requests_of_api_and_fraud() -> None:
    functions = typical_transaction().functions
    tables = {name: {request.table for request in usage.requests} for name, usage in functions.items()}
    assert tables["api"] == {"transactions"}
    assert tables["fraud"] == {"transactions", "profiles"}
    assert tables["notify"] == {"transactions"}


def test_profiles_are_full_after_the_history() -> None:
    typical = typical_transaction()
    # 40 amounts with times and 30 days with totals in the account, 124 half days in the merchant.
    assert typical.account_bytes > 1500
    assert typical.merchant_bytes > 600


def test_logs_have_a_line_and_the_metrics_of_each_function() -> None:
    functions = typical_transaction().functions
    assert {name: len(usage.log_lines) for name, usage in functions.items()} == {
        "api": 2,
        "fraud": 2,
        "notify": 2,
    }
    assert functions["api"].metrics == {"TransactionsAccepted"}
    assert functions["fraud"].metrics == {"TransactionsScored", "DecidedLate", "PostToScore"}
    assert functions["notify"].metrics == {"AlertsPublished", "PostToAlert"}
