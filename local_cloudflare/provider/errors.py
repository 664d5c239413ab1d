"""What can go wrong in the provider, as one tree; each message reaches the user through Pulumi's display.

    ProviderError                  something failed: said to Pulumi as it is
    ├── ConfigurationError         no token, or an address that is not on this machine
    ├── RawStateError              outputs in the state do not fit the delta that is kept with them
    └── ApiError                   Cloudflare's API refused a call; `status` is its HTTP status

Nothing of this is retried or hidden further up.
"""

from __future__ import annotations


class ProviderError(Exception):
    """Base of the tree; `str()` of it is the whole message."""


class ConfigurationError(ProviderError):
    """The provider cannot work with the settings it was given."""


class RawStateError(ProviderError):
    """Terraform's state cannot be got back from what Pulumi's has."""


class ApiError(ProviderError):
    """The API answered with an error; the message names call, status and Cloudflare's own answer."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status
