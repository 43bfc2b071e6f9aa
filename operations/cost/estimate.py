"""The estimate of a bill: its lines and their sums."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from operations.cost.prices import Price

Part = Literal["transactions", "storage", "fixed", "alarms"]
PARTS: tuple[Part, ...] = ("transactions", "storage", "fixed", "alarms")
# Lines of these parts are for a million transactions, those of the other parts for a month.
PER_MILLION: tuple[Part, ...] = ("transactions", "storage")

MILLION = 1_000_000
HOURS_PER_MONTH = 730
DAYS_PER_MONTH = HOURS_PER_MONTH / 24
SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600
GB = 10**9


class CostLine(NamedTuple):
    """`quantity` units of `price`, for a million transactions or for a month, which the part determines.

    `is_certain`: False if AWS's documentation leaves open whether it is billed. No sum includes such a line.
    """

    part: Part
    layer: str
    service: str
    item: str
    quantity: float
    price: Price
    is_certain: bool = True

    @property
    def usd(self) -> float:
        return self.price.cost(self.quantity)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The lines of a bill at `per_day` transactions a day.

    `write_units`, `read_units`: the request units of a transaction that is not suspicious;
    `origin_write_units`: those for its device or IP address. `has_batch_route`: whether the API accepts
    several transactions in a request.
    """

    per_day: int
    lines: tuple[CostLine, ...]
    uncertain_lines: tuple[CostLine, ...]
    write_units: float
    origin_write_units: float
    read_units: float
    items_per_request: int = 1
    has_batch_route: bool = False

    @property
    def millions_per_month(self) -> float:
        """The number of transactions in a month, in millions."""
        return self.per_day * DAYS_PER_MONTH / MILLION

    def monthly_usd(self, line: CostLine) -> float:
        return line.usd * self.millions_per_month if line.part in PER_MILLION else line.usd

    def part_usd(self, part: Part) -> float:
        """The sum of a part, for a million transactions or for a month."""
        return sum(line.usd for line in self.lines if line.part == part)

    def sum_monthly(self, key: Callable[[CostLine], str]) -> dict[str, float]:
        """The monthly amounts by layer, service or another key of lines, highest first."""
        sums: dict[str, float] = defaultdict(float)
        for line in self.lines:
            sums[key(line)] += self.monthly_usd(line)
        return dict(sorted(sums.items(), key=lambda entry: -entry[1]))

    @property
    def usd_per_month(self) -> float:
        return sum(map(self.monthly_usd, self.lines))

    def per_million(self, monthly_usd: float) -> float | None:
        """A monthly amount divided by the transactions; None without transactions."""
        return monthly_usd / self.millions_per_month if self.per_day else None
