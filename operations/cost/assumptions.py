"""Values of the estimate that neither the settings nor the code determine.

Correct a value here when a deployed environment shows another one.
"""

from typing import NamedTuple


class Assumption(NamedTuple):
    """`value` in `unit`, and the reason for it."""

    name: str
    value: float
    unit: str
    reason: str


API_DURATION = Assumption(
    "duration of api", 20, "ms", "two writes take 5 ms each, the code 3 ms of a whole processor"
)
BATCH_ENTRY_DURATION = Assumption(
    "duration of api for each transaction of a batch",
    8,
    "ms",
    "writes overlap. Processor time is 2.3 ms on a whole processor, and 512 MB have 0.29 processors",
)
FRAUD_DURATION = Assumption(
    "duration of fraud",
    37,
    "ms",
    "a plain write takes 5 to 10 ms, a read 8 to 12 ms, a transactional write 10 to 20 ms",
)
ORIGIN_SHARE = Assumption(
    "transactions with a device or IP address", 1, "of all", "each adds its account to that item in a write"
)
MERCHANTS_DURATION = Assumption(
    "duration of merchants for each merchant and category",
    5,
    "ms",
    "ten writes at a time, of 10 ms and processor time each",
)
NOTIFY_DURATION = Assumption(
    "duration of notify", 60, "ms", "two writes and a publication; an invocation has one message"
)
SUSPICIOUS_SHARE = Assumption("suspicious transactions", 0.01, "of all", "each causes one alert")
ORIGIN_COUNT = Assumption(
    "devices and IP addresses", 2, "for each account", "the number of their items, which expire in 32 days"
)
ACCOUNT_RATE = Assumption(
    "transactions of an account", 2, "a day", "the rate of the typical account and the number of profiles"
)
MERCHANTS = Assumption(
    "merchants", 10_000, "in all", "the number of profiles, and of different merchants in a batch"
)
CATEGORIES = Assumption(
    "merchant categories",
    100,
    "in all",
    "of some 300 codes in common use, those that customers of a bank use",
)
NEW_DEVICE_SHARE = Assumption(
    "transactions with a new device",
    0.02,
    "of all",
    "each is counted a second time for its merchant, mostly in the batch of its transaction",
)
MERCHANT_EXPONENT = Assumption(
    "skew of merchants and categories",
    1.2,
    "Zipf exponent",
    "as in benchmarks/contention.py; 1.0 gives 1.6 times as many writes",
)
SYSTEM_LOG_BYTES = Assumption(
    "system log", 520, "bytes an invocation", "the lines platform.start and platform.report"
)
SYSTEM_LOG_LINES = Assumption("system log", 2, "lines an invocation", "at the levels INFO and DEBUG")
LOG_LINE_OVERHEAD = Assumption("overhead of a log line", 26, "bytes", "CloudWatch Logs bills it")
TRACE_ID_BYTES = Assumption(
    "trace ID in a log line", 54, "bytes", "of a sampled invocation; the measured lines have none"
)
ACCESS_LOG_VALUE_BYTES = Assumption(
    "value in the access log", 16, "bytes", "the mean of IDs, time, status and latencies"
)
LOG_COMPRESSION = Assumption("compressed logs", 0.15, "of their size", "AWS's pricing examples")
SAMPLING_RESERVOIR = Assumption(
    "requests that are always traced", 1, "a second", "X-Ray's default rule, at a constant rate all day"
)
SAMPLING_RATE = Assumption("traces of further requests", 0.05, "of all", "X-Ray's default rule")
RESPONSE_OVERHEAD = Assumption(
    "headers of a response", 500, "bytes", "responses go to the internet; requests are free"
)
ENDPOINT_OVERHEAD = Assumption(
    "headers through an endpoint", 3_000, "bytes", "a signed request and its response"
)
POLLERS = Assumption("pollers of a queue", 5, "at any time", "Lambda's minimum for each mapping")
POLL_SECONDS = Assumption("long poll", 20, "s", "one request in this time while a queue is empty")
KEY_CACHE_SECONDS = Assumption("cached data key", 300, "s", "of tables, queues, topics and the bus")
KEY_CALLERS = Assumption("callers of a key", 3, "for each resource", "two writers and a reader")

ALL = tuple(value for value in tuple(globals().values()) if isinstance(value, Assumption))

FURTHER = (
    "Every transaction is new, valid and decided at the first attempt: no replays, retries or labels.",
    "The functions fraud, merchants and notify start traces of their own, because no trace reaches them."
    " Lambda samples these at X-Ray's default rate, which no rule changes.",
    "Lambda reads the stream for merchants without a charge. DynamoDB replaces each of its shards about every"
    " four hours.",
    "The pipe is billed for each event, although it sends up to ten in a batch.",
    "Free tiers are left out, except 10 metrics of alarms and 3 dashboards. So are discounts and taxes.",
    "Keys are younger than a year. Each of the first two yearly rotations adds $1 a month to a key.",
    "The storage is that of a pipeline that has run for the whole retention.",
    "Left out: the one-time price of the warm throughput of new tables, and queries of logs.",
)
