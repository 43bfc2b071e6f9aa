from benchmarks._decision_path import Arrival, DecisionPath
from benchmarks.virtual_aws.asynchronous_function import RETRY_QUEUE
from benchmarks.virtual_aws.database import CONFLICTS
from benchmarks.virtual_aws.stream_consumer import BATCHES


def simulate(arrivals: list[Arrival]) -> tuple[list[float | None], dict[str, int], int]:
    result = DecisionPath(arrivals, seed=1).run()
    return result.latencies, dict(result.counts), result.wrong_counts


def test_one_transaction_takes_two_writes_and_a_read() -> None:
    [latency], counts, wrong = simulate([Arrival(0.0, "account", "merchant")])
    assert latency is not None
    assert 0.023 <= latency <= 0.042
    assert (counts, wrong) == ({BATCHES: 1}, 0)


def test_simultaneous_transactions_of_a_merchant_do_not_conflict() -> None:
    latencies, counts, wrong = simulate(
        [Arrival(0.0, f"account-{number}", "merchant") for number in range(20)]
    )
    assert None not in latencies
    assert (counts.get(CONFLICTS, 0), wrong) == (0, 0)


def test_simultaneous_transactions_of_an_account_conflict_and_are_counted_once() -> None:
    latencies, counts, wrong = simulate([Arrival(0.0, "account", f"merchant-{i}") for i in range(20)])
    assert None not in latencies
    assert counts[CONFLICTS] > 0
    assert counts[RETRY_QUEUE] > 0
    assert wrong == 0


def test_simulation_has_the_same_result_again() -> None:
    arrivals = [Arrival(number / 100, f"account-{number}", "merchant") for number in range(20)]
    assert simulate(arrivals) == simulate(arrivals)


def test_simultaneous_accounts_on_a_device_do_not_conflict() -> None:
    latencies, counts, wrong = simulate(
        [Arrival(0.0, f"account-{number}", f"merchant-{number}", "device") for number in range(20)]
    )
    assert None not in latencies
    assert (counts.get(CONFLICTS, 0), wrong) == (0, 0)
