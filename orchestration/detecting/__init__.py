"""What simulating, training and backtesting show to users; the work itself is detection's."""
