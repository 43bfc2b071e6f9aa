"""The HTML report of a backtest."""
