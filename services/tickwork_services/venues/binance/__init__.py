"""Binance spot and USD-M: streams, limits, sequence rules, REST paths, as data with dates."""
