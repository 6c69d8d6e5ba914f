"""Receipts: the signed heads of shippers' logs as each recipient was handed them, kept at the hub."""
