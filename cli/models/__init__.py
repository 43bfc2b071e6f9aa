"""Tasks that simulate transactions, train models and run backtests."""
