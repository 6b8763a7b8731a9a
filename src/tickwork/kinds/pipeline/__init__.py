"""The kind ``pipeline``: a market-data provider whose book can be trusted."""
