"""The part of the bill that grows with the number of transactions, for a million of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from operations.cost import assumptions, prices
from operations.cost.declared import DeclaredEnvironment
from operations.cost.estimate import DAYS_PER_MONTH, GB, MILLION, CostLine
from operations.cost.typical_transaction import TypicalTransaction

_MB_PER_GB = 1024
_SECONDS_PER_DAY = 86_400
_EVENT_CHUNK_BYTES = 64 * 1024
# DynamoDB bills these bytes of each item for storage, but not in request units.
_STORED_ITEM_OVERHEAD = 100
_REQUESTS_PER_MESSAGE = 3  # send, receive, delete
_KEY_REQUESTS_PER_EVENT = 2  # encrypt, decrypt
_DURATIONS = {
    "api": assumptions.API_DURATION,
    "fraud": assumptions.FRAUD_DURATION,
    "notify": assumptions.NOTIFY_DURATION,
}
_CONTEXT_VARIABLE = re.compile(r"\$context\.[A-Za-z.]+")
_line = partial(CostLine, "transactions")
_stored_line = partial(CostLine, "storage")


@dataclass(frozen=True)
class TransactionCosts:
    """The lines of an environment at `per_day` transactions a day, stored for `retention_days`."""

    declared: DeclaredEnvironment
    typical: TypicalTransaction
    per_day: int
    retention_days: int

    def lines(self) -> Iterator[CostLine]:
        """All lines, including those with a quantity of 0."""
        yield from self._api_lines()
        for function in self.typical.functions:
            yield from self._function_lines(function)
            yield from self._table_lines(function)
        yield from self._event_lines()
        yield from self._alert_lines()
        yield from self._table_storage_lines()
        yield from self._log_storage_lines()

    def _api_lines(self) -> Iterator[CostLine]:
        yield _line("edge", "API Gateway", "requests", MILLION, prices.API_REQUEST)
        sent = MILLION * (self.typical.response_bytes + assumptions.RESPONSE_OVERHEAD.value) / GB
        yield _line("edge", "Data transfer", "responses", sent, prices.DATA_TRANSFER_OUT)
        logged = MILLION * self._access_log_bytes() / GB
        yield _line("edge", "CloudWatch Logs", "access log", logged, prices.LOG_INGESTION)
        if self.declared.is_api_traced:
            traces = self._count_traces(1, self.declared.sampling_rule or _default_sampling())
            yield _line("edge", "X-Ray", "API and api: traces", traces, prices.TRACE)

    def _function_lines(self, name: str) -> Iterator[CostLine]:
        function, duration = self.declared.functions[name], _DURATIONS[name].value
        layer, share = function.layer, _invocations(name)
        count = MILLION * share
        seconds = count * duration / 1000 * function.memory_mb / _MB_PER_GB
        second_price = prices.FUNCTION_SECOND_ARM if function.is_arm else prices.FUNCTION_SECOND_X86
        yield _line(layer, "Lambda", f"{name}: requests", count, prices.FUNCTION_REQUEST)
        yield _line(
            layer, "Lambda", f"{name}: {function.memory_mb} MB for {duration:g} ms", seconds, second_price
        )
        logged = count * self._function_log_bytes(name) / GB
        yield _line(layer, "CloudWatch Logs", f"{name}: log", logged, prices.LOG_INGESTION)
        # API Gateway samples the traces of `api`. The pipe and the queue pass on no trace.
        if function.is_traced and name != "api":
            traces = self._count_traces(share, _default_sampling())
            yield _line(layer, "X-Ray", f"{name}: traces", traces, prices.TRACE)

    def _table_lines(self, name: str) -> Iterator[CostLine]:
        requests, count = self.typical.functions[name].requests, MILLION * _invocations(name)
        for table in sorted({request.table for request in requests}):
            writes = count * sum(request.write_units for request in requests if request.table == table)
            reads = count * sum(request.read_units for request in requests if request.table == table)
            yield _line("data", "DynamoDB", f"{name}: writes to {table}", writes, prices.TABLE_WRITE)
            yield _line("data", "DynamoDB", f"{name}: reads of {table}", reads, prices.TABLE_READ)

    def _event_lines(self) -> Iterator[CostLine]:
        chunks = MILLION * -(-self.typical.event_bytes // _EVENT_CHUNK_BYTES)
        yield _line("processing", "EventBridge", "pipe: requests", chunks, prices.PIPE_REQUEST)
        yield _line("processing", "EventBridge", "bus: events", chunks, prices.BUS_EVENT)
        yield _line(
            "processing",
            "KMS",
            "bus: encryption and decryption of each event, if EventBridge does not cache data keys",
            MILLION * _KEY_REQUESTS_PER_EVENT,
            prices.KEY_REQUEST,
            is_certain=False,
        )

    def _alert_lines(self) -> Iterator[CostLine]:
        count = MILLION * assumptions.SUSPICIOUS_SHARE.value
        yield _line(
            "data", "SQS", "suspicious: requests", count * _REQUESTS_PER_MESSAGE, prices.QUEUE_REQUEST
        )
        yield _line("data", "SNS", "alerts: publications", count, prices.TOPIC_PUBLICATION)
        yield _line("data", "SNS", "alerts: mails", count * self.declared.mail_addresses, prices.TOPIC_MAIL)
        size = self.typical.message_bytes + self.typical.alert_bytes + 2 * assumptions.ENDPOINT_OVERHEAD.value
        yield _line("foundation", "VPC endpoints", "alerts: data", count * size / GB, prices.ENDPOINT_DATA)

    def _table_storage_lines(self) -> Iterator[CostLine]:
        typical = self.typical
        item_bytes = typical.transaction_bytes + typical.guard_bytes + 2 * _STORED_ITEM_OVERHEAD
        # Each account and merchant has one profile, whatever the retention.
        profile_bytes = (typical.account_bytes + _STORED_ITEM_OVERHEAD) / assumptions.ACCOUNT_RATE.value
        profile_bytes += (typical.merchant_bytes + _STORED_ITEM_OVERHEAD) / assumptions.MERCHANT_RATE.value
        for table, days, size in (
            ("transactions", self.retention_days, item_bytes),
            ("profiles", 1, profile_bytes),
        ):
            stored = MILLION * size / GB * days / DAYS_PER_MONTH
            yield _stored_line("data", "DynamoDB", f"{table}: storage", stored, prices.TABLE_STORAGE)
            if self.declared.has_recovery(table):
                yield _stored_line("data", "DynamoDB", f"{table}: recovery", stored, prices.TABLE_RECOVERY)

    def _log_storage_lines(self) -> Iterator[CostLine]:
        logged = {"edge": self._access_log_bytes()}
        for name in self.typical.functions:
            layer = self.declared.functions[name].layer
            logged[layer] = logged.get(layer, 0) + _invocations(name) * self._function_log_bytes(name)
        months = self.declared.log_retention_days / DAYS_PER_MONTH
        for layer, size in logged.items():
            stored = MILLION * size / GB * assumptions.LOG_COMPRESSION.value * months
            yield _stored_line(layer, "CloudWatch Logs", "logs: storage", stored, prices.LOG_STORAGE)

    def _access_log_bytes(self) -> float:
        """The bytes of one line in the access log, as CloudWatch Logs bills them."""
        if not (line := self.declared.access_log_format):
            return 0
        names, values = _CONTEXT_VARIABLE.subn("", line)
        size = len(names) + values * assumptions.ACCESS_LOG_VALUE_BYTES.value
        return size + assumptions.LOG_LINE_OVERHEAD.value

    def _function_log_bytes(self, name: str) -> float:
        """The bytes that one invocation writes to its log, as CloudWatch Logs bills them."""
        lines = self.typical.functions[name].log_lines
        overhead = assumptions.LOG_LINE_OVERHEAD.value
        size = sum(len(line.encode()) + overhead for line in lines)
        size += assumptions.TRACE_ID_BYTES.value * sum('"correlation_id"' in line for line in lines)
        if self.declared.functions[name].has_system_log:
            size += assumptions.SYSTEM_LOG_BYTES.value + assumptions.SYSTEM_LOG_LINES.value * overhead
        return size

    def _count_traces(self, share: float, sampling: tuple[float, float]) -> float:
        """The traces of a million transactions, with `share` requests for each of them."""
        reservoir, rate = sampling
        requests_per_second = self.per_day * share / _SECONDS_PER_DAY
        if not requests_per_second:
            return 0
        traced = min(requests_per_second, reservoir) + max(requests_per_second - reservoir, 0) * rate
        return MILLION * share * traced / requests_per_second


def _invocations(function: str) -> float:
    """The number of invocations for each transaction."""
    return assumptions.SUSPICIOUS_SHARE.value if function == "notify" else 1


def _default_sampling() -> tuple[float, float]:
    return assumptions.SAMPLING_RESERVOIR.value, assumptions.SAMPLING_RATE.value
