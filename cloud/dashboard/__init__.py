"""The operator's pages and the live figures behind them."""
