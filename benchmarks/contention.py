"""Contention: the latency of decisions if many transactions share a merchant, an account or a device.

The detector's code runs on a model of DynamoDB and Lambda in virtual time, see `docs/performance.md`.
`python -m benchmarks.contention b d` runs only these scenarios.
"""

import math
import random
import sys
import time
from collections.abc import Callable, Sequence
from itertools import accumulate

from benchmarks._decision_path import (
    COUNTED_FRAUDS,
    RESERVED_CONCURRENCY,
    STORED_LABELS,
    Arrival,
    DecisionPath,
    LabelWave,
    PathResult,
)
from benchmarks.virtual_aws.asynchronous_function import (
    FAILED_ATTEMPTS,
    FAILURE_QUEUE,
    RETRY_QUEUE,
    THROTTLED_EVENTS,
)
from benchmarks.virtual_aws.database import (
    CONFLICTS,
    FAILED_CONDITIONS,
    STALE_READS,
    THROTTLED_READS,
    THROTTLED_WRITES,
)

SECONDS = 20
LABELS, LABEL_SECONDS = 500, 60
MERCHANTS, ACCOUNTS = 10_000, 50_000
ZIPF_EXPONENT = 1.2
GOAL_SHARE, GOAL_SECONDS = 0.999, 1.0
GOAL_RATIO = 1.2
_SEED = 1


def main(names: Sequence[str] = ()) -> bool:
    """Print the figures of the named scenarios, or of all. Returns True if they reach all goals."""
    started = time.process_time()
    print(
        f"Reserved concurrency {RESERVED_CONCURRENCY}, arrivals of {SECONDS} s of virtual time, except in (d)"
    )
    reached = [run() for name, run in SCENARIOS.items() if not names or name in names]
    print(f"{time.process_time() - started:.0f} s of processor time")
    return all(reached)


def _measure_skew() -> bool:
    arrivals = _generate(1000, SECONDS, merchants=_draw_zipf(MERCHANTS, ZIPF_EXPONENT))
    result = _simulate("a", f"1000/s, Zipf {ZIPF_EXPONENT} over {MERCHANTS:,} merchants", arrivals)
    return all([_is_fast("a", result.latencies), _is_complete("a", result)])


def _measure_hot_merchant() -> bool:
    others = _generate(100, SECONDS, merchants=_draw_uniform(MERCHANTS), seed=_SEED + 1)
    alone = _simulate("b", "100/s alone, evenly over the merchants", others)
    hot = _generate(300, SECONDS, merchants=lambda _: "hot")
    arrivals = sorted([*hot, *others])
    result = _simulate("b", "one merchant at 300/s, other merchants at 100/s in total", arrivals)
    latencies = [
        latency
        for arrival, latency in zip(arrivals, result.latencies, strict=True)
        if arrival.merchant != "hot"
    ]
    return all(
        [
            _is_fast("b", result.latencies),
            _is_unaffected(latencies, alone.latencies),
            _is_complete("b", result),
        ]
    )


def _measure_hot_account() -> bool:
    arrivals = _generate(50, SECONDS, merchants=_draw_uniform(MERCHANTS), accounts=lambda _: "hot")
    result = _simulate("c", "one account at 50/s", arrivals)
    print(f"(c) decided within {GOAL_SECONDS:.0f} s: {_share_in_time(result.latencies):.2%}; no goal")
    return _is_complete("c", result)


def _measure_burst() -> bool:
    result = _simulate(
        "d", "1000 in one second at one merchant", _generate(1000, 1, merchants=lambda _: "hot")
    )
    return all([_is_fast("d", result.latencies), _is_complete("d", result)])


def _measure_label_wave() -> bool:
    """Labels of one merchant's frauds, each of another account, while the merchant's transactions arrive."""
    arrivals = _generate(20, LABEL_SECONDS, merchants=lambda _: "hot")
    result = _simulate("e", f"{LABELS} labels in a minute for one merchant at 20/s", arrivals, labels=LABELS)
    stored, frauds = result.counts[STORED_LABELS], result.counts[COUNTED_FRAUDS]
    return all(
        [
            _report("e", f"labels stored: {stored}; goal: all {LABELS}", stored == LABELS),
            _report("e", f"frauds counted for the merchant: {frauds}; goal: {LABELS}", frauds == LABELS),
            _is_complete("e", result),
        ]
    )


def _measure_hot_device() -> bool:
    """One device of many accounts, such as a kiosk or a card tester, and other devices."""
    others = _generate(100, SECONDS, merchants=_draw_uniform(MERCHANTS), seed=_SEED + 1)
    hot = [
        arrival._replace(device="hot")
        for arrival in _generate(50, SECONDS, merchants=_draw_uniform(MERCHANTS))
    ]
    title = f"one device at 50/s over {ACCOUNTS:,} accounts, other devices at 100/s in total"
    result = _simulate("f", title, sorted([*hot, *others]))
    return all([_is_fast("f", result.latencies), _is_complete("f", result)])


SCENARIOS: dict[str, Callable[[], bool]] = {
    "a": _measure_skew,
    "b": _measure_hot_merchant,
    "c": _measure_hot_account,
    "d": _measure_burst,
    "e": _measure_label_wave,
    "f": _measure_hot_device,
}

_Draw = Callable[[random.Random], str]


def _draw_uniform(number: int) -> _Draw:
    return lambda chance: str(chance.randrange(number))


def _draw_zipf(number: int, exponent: float) -> _Draw:
    """Draws rank k with a probability proportional to k ** -exponent."""
    weights = list(accumulate(rank**-exponent for rank in range(1, number + 1)))
    return lambda chance: str(chance.choices(range(number), cum_weights=weights)[0])


def _generate(
    per_second: int, seconds: int, *, merchants: _Draw, accounts: _Draw | None = None, seed: int = _SEED
) -> list[Arrival]:
    """Transactions at random times, as of independent customers."""
    chance = random.Random(seed)  # noqa: S311
    draw_account = accounts or _draw_uniform(ACCOUNTS)
    times = sorted(chance.uniform(0, seconds) for _ in range(per_second * seconds))
    return [Arrival(second, draw_account(chance), merchants(chance)) for second in times]


def _simulate(name: str, title: str, arrivals: list[Arrival], labels: int = 0) -> PathResult:
    result = DecisionPath(arrivals, _SEED, LabelWave(labels, LABEL_SECONDS)).run()
    counts = result.counts
    p50, p99 = (_percentile_ms(result.latencies, percent) for percent in (50, 99))
    failed = {kind: number for kind, number in counts.items() if kind.startswith(FAILED_ATTEMPTS)}
    print(
        f"({name}) {title}: {len(arrivals):,} transactions; p50 {p50:,.0f} ms and p99 {p99:,.0f} ms"
        f" from arrival to decision\n    {counts[CONFLICTS]:,} conflicts,"
        f" {counts[FAILED_CONDITIONS]:,} failed conditions, {counts[STALE_READS]:,} stale reads,"
        f" {counts[THROTTLED_READS] + counts[THROTTLED_WRITES]:,} throttled requests;"
        f" {counts[THROTTLED_EVENTS]:,} throttled events, {sum(failed.values()):,} failed attempts"
        f"{_list_errors(failed)}, {counts[RETRY_QUEUE]:,} events in the retry queue",
        flush=True,
    )
    return result


def _list_errors(failed: dict[str, int]) -> str:
    return (
        f" ({', '.join(kind.removeprefix(f'{FAILED_ATTEMPTS}: ') for kind in sorted(failed))})"
        if failed
        else ""
    )


def _is_fast(name: str, latencies: Sequence[float | None]) -> bool:
    share = _share_in_time(latencies)
    return _report(
        name,
        f"decided within {GOAL_SECONDS:.0f} s: {share:.2%}; goal: at least {GOAL_SHARE:.1%}",
        share >= GOAL_SHARE,
    )


def _is_unaffected(latencies: Sequence[float | None], alone: Sequence[float | None]) -> bool:
    milliseconds, alone_ms = _percentile_ms(latencies, 99), _percentile_ms(alone, 99)
    ratio = milliseconds / alone_ms
    return _report(
        "b",
        f"p99 of the others: {ratio:,.2f} times theirs alone ({milliseconds:,.0f} ms and {alone_ms:,.0f} ms);"
        f" goal: at most {GOAL_RATIO}",
        ratio <= GOAL_RATIO,
    )


def _is_complete(name: str, result: PathResult) -> bool:
    undecided = result.latencies.count(None)
    failures = result.counts[FAILURE_QUEUE]
    return all(
        [
            _report(
                name,
                f"events in the failure queue: {failures}, undecided: {undecided}; goal: none",
                failures + undecided == 0,
            ),
            _report(
                name,
                f"profiles with wrong counts: {result.wrong_counts:,}; goal: none",
                result.wrong_counts == 0,
            ),
        ]
    )


def _report(name: str, figure: str, reached: bool) -> bool:
    print(f"({name}) {figure}; {'ok' if reached else 'missed'}", flush=True)
    return reached


def _share_in_time(latencies: Sequence[float | None]) -> float:
    in_time = sum(latency is not None and latency <= GOAL_SECONDS for latency in latencies)
    return in_time / len(latencies)


def _percentile_ms(latencies: Sequence[float | None], percent: int) -> float:
    """The nearest-rank percentile. An undecided transaction has an infinite latency."""
    ordered = sorted(math.inf if latency is None else latency for latency in latencies)
    return ordered[-(-len(ordered) * percent // 100) - 1] * 1000


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
