"""The same hours and the same switch in Nautilus Trader: short while the mean of the last 168 rates is not negative."""

import csv
import json
import sys
import time
from collections import deque
from decimal import Decimal

from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, StrategyConfig
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import Venue
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy

HOURS = 168
KNOWN = 0.9 * HOURS
SIZE = Quantity.from_str("10.000")
SECOND_NS = 1_000_000_000


class SwitchConfig(StrategyConfig, frozen=True):
    bar_type: BarType
    rates: list[float]


class Switch(Strategy):
    def on_start(self):
        self.seen = 0
        self.window = deque(maxlen=HOURS)
        self.total = 0.0
        self.short = False
        self.subscribe_bars(self.config.bar_type)

    def on_bar(self, bar):
        rate = self.config.rates[self.seen]
        self.seen += 1
        if len(self.window) == HOURS:
            self.total -= self.window[0]
        self.window.append(rate)
        self.total += rate
        if len(self.window) < KNOWN:
            return
        wants = self.total >= 0
        if wants == self.short:
            return
        self.short = wants
        side = OrderSide.SELL if wants else OrderSide.BUY
        self.submit_order(self.order_factory.market(self.config.bar_type.instrument_id, side, SIZE))


def main(path):
    with open(path, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    instrument = TestInstrumentProvider.ethusdt_perp_binance()
    bar_type = BarType.from_str(f"{instrument.id}-1-HOUR-LAST-EXTERNAL")
    bars = []
    for row in rows:
        price = Price(float(row["markPriceTwap"]), instrument.price_precision)
        at = int(row["ts"]) * SECOND_NS
        bars.append(Bar(bar_type, price, price, price, price, Quantity.from_str("100000.000"), at, at))
    rates = [float(row["fundingRate"]) / float(row["oraclePriceTwap"]) for row in rows]
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    engine.add_venue(
        venue=Venue("BINANCE"),
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        base_currency=USDT,
        starting_balances=[Money(10_000, USDT)],
        default_leverage=Decimal(5),
    )
    engine.add_instrument(instrument)
    engine.add_data(bars)
    engine.add_strategy(Switch(SwitchConfig(bar_type=bar_type, rates=rates)))
    started = time.perf_counter()
    engine.run()
    run_ms = (time.perf_counter() - started) * 1000
    print(json.dumps({"run_ms": run_ms, "orders": len(engine.cache.orders())}))


main(sys.argv[1])
