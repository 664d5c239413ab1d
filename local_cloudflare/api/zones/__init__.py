"""Zones: the domains of the account, and the routes by which they lead to Workers."""
