"""Cloudflare's API as this project uses it.

`client` makes the calls (`rate_limit` keeps them below the account's limit), `calls` makes them below one account and
reads lists to their end; `account` says them in the words of the domain, `error_codes` names what is refused;
`permissions`, `survey` and `inventory` read what a token may do and what the account has.
"""
