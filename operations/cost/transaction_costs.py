"""The part of the bill that grows with the number of transactions, for a million of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial

from operations.cost import assumptions, prices
from operations.cost.declared import DeclaredEnvironment
from operations.cost.estimate import DAYS_PER_MONTH, GB, MILLION, CostLine
from operations.cost.merchant_batches import MerchantBatches
from operations.cost.metered_pipeline import PROFILES
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
    "merchants": assumptions.MERCHANTS_DURATION,
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

    @property
    def write_units(self) -> float:
        """The write request units of a transaction that is not suspicious, with its share of counts."""
        return sum(self._count_units(name)[0] for name in ("api", "fraud", "merchants"))

    @property
    def origin_write_units(self) -> float:
        """The units in `write_units` for the device or IP address of a transaction."""
        return self._count_origin_units()

    @property
    def read_units(self) -> float:
        """The read request units of a transaction that is not suspicious, with its share of counts."""
        return sum(self._count_units(name)[1] for name in ("api", "fraud", "merchants"))

    def lines(self) -> Iterator[CostLine]:
        """All lines, including those with a quantity of 0."""
        yield from self._api_lines()
        for function in self._functions:
            yield from self._function_lines(function)
            yield from self._table_lines(function)
        yield from self._event_lines()
        yield from self._alert_lines()
        yield from self._table_storage_lines()
        yield from self._log_storage_lines()

    @property
    def _functions(self) -> list[str]:
        """The functions that are measured and declared."""
        return [name for name in self.typical.functions if name in self.declared.functions]

    def _api_lines(self) -> Iterator[CostLine]:
        share = self._invocations("api")
        yield _line("edge", "API Gateway", "requests", MILLION * share, prices.API_REQUEST)
        if self.declared.web_acls:
            yield _line("edge", "WAF", "inspected requests", MILLION * share, prices.WEB_ACL_REQUEST)
        sent = MILLION * share * (self.typical.response_bytes + assumptions.RESPONSE_OVERHEAD.value) / GB
        yield _line("edge", "Data transfer", "responses", sent, prices.DATA_TRANSFER_OUT)
        logged = MILLION * share * self._access_log_bytes() / GB
        yield _line("edge", "CloudWatch Logs", "access log", logged, prices.LOG_INGESTION)
        if self.declared.is_api_traced:
            yield _line("edge", "X-Ray", "API and api: traces", self._count_traces("api"), prices.TRACE)

    def _function_lines(self, name: str) -> Iterator[CostLine]:
        function, duration = self.declared.functions[name], self._duration_ms(name)
        layer, share = function.layer, self._invocations(name)
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
            yield _line(layer, "X-Ray", f"{name}: traces", self._count_traces(name), prices.TRACE)

    def _table_lines(self, name: str) -> Iterator[CostLine]:
        for table in sorted({request.table for request in self.typical.functions[name].requests}):
            writes, reads = (MILLION * units for units in self._count_units(name, table))
            if name == "fraud" and table == PROFILES:
                used = MILLION * self._count_origin_units()
                writes -= used
                yield _line(
                    "data", "DynamoDB", "fraud: writes of devices and IP addresses", used, prices.TABLE_WRITE
                )
            yield _line("data", "DynamoDB", f"{name}: writes to {table}", writes, prices.TABLE_WRITE)
            yield _line("data", "DynamoDB", f"{name}: reads of {table}", reads, prices.TABLE_READ)

    def _count_units(self, name: str, table: str | None = None) -> tuple[float, float]:
        """The write and read request units of a function for each transaction, in one or all tables.

        `merchants` reads and writes each merchant and category of a batch, and other items once for a batch.
        """
        counted = {}
        if name == "merchants":
            batches = self._merchant_batches
            counted[self.typical.merchant_key] = batches.merchants_per_transaction
            counted[self.typical.category_key] = batches.categories_per_transaction
        writes = reads = 0.0
        for request in self.typical.functions[name].requests:
            if table is None or request.table == table:
                share = counted.get(request.key, self._invocations(name))
                if request.key == self.typical.origin_key:
                    share *= assumptions.ORIGIN_SHARE.value
                writes += share * request.write_units
                reads += share * request.read_units
        return writes, reads

    def _count_origin_units(self) -> float:
        """The write request units of devices and IP addresses for each transaction."""
        requests = self.typical.functions["fraud"].requests
        units = sum(request.write_units for request in requests if request.key == self.typical.origin_key)
        return assumptions.ORIGIN_SHARE.value * units

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
        # Each account, merchant and category has one profile, whatever the retention. Devices expire earlier.
        account_bytes: float = typical.account_bytes + _STORED_ITEM_OVERHEAD
        account_bytes += assumptions.ORIGIN_COUNT.value * (typical.origin_bytes + _STORED_ITEM_OVERHEAD)
        profile_bytes = account_bytes / assumptions.ACCOUNT_RATE.value
        if self.per_day:
            counted = (typical.merchant_bytes + _STORED_ITEM_OVERHEAD) * assumptions.MERCHANTS.value
            counted += (typical.category_bytes + _STORED_ITEM_OVERHEAD) * assumptions.CATEGORIES.value
            profile_bytes += counted / self.per_day
        for table, days, size in (
            ("transactions", self.retention_days, item_bytes),
            ("profiles", 1, profile_bytes),
        ):
            stored = MILLION * size / GB * days / DAYS_PER_MONTH
            yield _stored_line("data", "DynamoDB", f"{table}: storage", stored, prices.TABLE_STORAGE)
            if self.declared.has_recovery(table):
                yield _stored_line("data", "DynamoDB", f"{table}: recovery", stored, prices.TABLE_RECOVERY)

    def _log_storage_lines(self) -> Iterator[CostLine]:
        logged = {"edge": self._invocations("api") * self._access_log_bytes()}
        for name in self._functions:
            layer = self.declared.functions[name].layer
            logged[layer] = logged.get(layer, 0) + self._invocations(name) * self._function_log_bytes(name)
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
        sampled = self._count_traces(name) / (MILLION * self._invocations(name))
        size += assumptions.TRACE_ID_BYTES.value * sampled * len(lines)
        if self.declared.functions[name].has_system_log:
            size += assumptions.SYSTEM_LOG_BYTES.value + assumptions.SYSTEM_LOG_LINES.value * overhead
        return size

    def _invocations(self, function: str) -> float:
        """The number of invocations for each transaction."""
        shares = {
            "api": 1 / self.typical.items_per_request,
            "merchants": self._merchant_batches.batches_per_transaction,
            "notify": assumptions.SUSPICIOUS_SHARE.value,
        }
        return shares.get(function, 1)

    @cached_property
    def _merchant_batches(self) -> MerchantBatches:
        window_seconds, max_records = self.declared.merchant_window
        return MerchantBatches(
            per_day=self.per_day,
            window_seconds=window_seconds,
            max_records=max_records,
            shards=self.declared.stream_shards,
            record_bytes=self.typical.record_bytes,
        )

    def _duration_ms(self, function: str) -> float:
        """The duration of an invocation."""
        duration = _DURATIONS[function].value
        if function == "merchants":
            batches = self._merchant_batches
            counted = batches.merchants_per_transaction + batches.categories_per_transaction
            return round(duration * counted / self._invocations(function))
        if function != "api":
            return duration
        return max(duration, self.typical.items_per_request * assumptions.BATCH_ENTRY_DURATION.value)

    def _count_traces(self, function: str) -> float:
        """The traces that begin with invocations of a function, for a million transactions."""
        default = (assumptions.SAMPLING_RESERVOIR.value, assumptions.SAMPLING_RATE.value)
        reservoir, rate = (self.declared.sampling_rule or default) if function == "api" else default
        share = self._invocations(function)
        requests_per_second = self.per_day * share / _SECONDS_PER_DAY
        if not requests_per_second:
            return 0
        traced = min(requests_per_second, reservoir) + max(requests_per_second - reservoir, 0) * rate
        return MILLION * share * traced / requests_per_second
