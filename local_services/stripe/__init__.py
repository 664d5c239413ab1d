"""Stripe on this machine: transfers, balance, connected accounts and Checkout, as strict as the real API v1.

What it is held to: Stripe's API reference (idempotent requests, pagination, errors, transfers, Checkout Sessions,
webhook signatures). It moves no money, and what it cannot do, it refuses.
"""
