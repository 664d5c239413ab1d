"""Cloudflare's API as this project uses it.

`client` makes the calls (`rate_limit` keeps them below the account's limit); `account` says them in the words of the
domain; `permissions`, `survey` and `inventory` read what a token may do and what the account has.
"""
