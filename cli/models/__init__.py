"""Tasks that simulate, train and backtest."""
