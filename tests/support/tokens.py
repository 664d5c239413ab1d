"""Bearer tokens as long as a router takes them."""


def token_of(caller: str) -> str:
    """The token of a caller of that name."""
    return f"{caller}-token".ljust(32, "0")
