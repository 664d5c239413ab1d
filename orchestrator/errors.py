"""Every error that a user can meet, as one tree.

    OrchestratorError                  exit 1   something failed that is not the user's doing
    ├── UserError                      exit 2   something that the user can put right
    │   ├── ManifestError              exit 2   autopilots.yaml breaks rules (all of them at once)
    │   ├── SettingsError              exit 2   a setting, secret or environment variable is missing or wrong
    │   ├── SetupError                 exit 2   a tool is not installed: `make setup`
    │   ├── BundleError                exit 2   a Worker's source does not compile, or Cloudflare would not take it
    │   ├── LimitError                 exit 2   more than the account's Cloudflare plan allows
    │   ├── NotDeployedError           exit 2   a heal from something else than what the stack was deployed from
    │   ├── ExistingError              exit 2   the account has something of a name that was to be created
    │   ├── EmptyStoreError            exit 2   a Worker would see an empty store in place of its full one
    │   └── LostAddressError           exit 2   a Worker would go, and with it an address that nobody declared
    ├── DriftFound                     exit 7   the account is not as declared (Pulumi's own exit code for changes)
    ├── LostData                       exit 8   a namespace, bucket or database is gone, with its data
    └── CloudflareError                exit 1   the Cloudflare API refused or did not answer

Each has a stable `code` for scripts, and a `hint`: what to do next. No traceback of these reaches a user.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.issues import Issue


class OrchestratorError(Exception):
    """Base of the tree. `message`: what was being done, to what, and why it failed; `hint`: what to do next."""

    code = "error"
    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message

    @property
    def on_one_line(self) -> str:
        """As a part of another sentence."""
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UserError(OrchestratorError):
    """Something that the user can put right."""

    code = "usage"
    exit_code = 2


class ManifestError(UserError):
    """`autopilots.yaml` breaks rules; `issues` holds each one with file, line and column."""

    code = "manifest"

    def __init__(self, issues: Sequence[Issue]) -> None:
        super().__init__("\n".join(str(issue) for issue in issues))
        self.issues = tuple(issues)


class SettingsError(UserError):
    """A setting, secret or environment variable is missing or wrong."""

    code = "settings"


class SetupError(UserError):
    """A tool that the project needs is not installed."""

    code = "setup"


class BundleError(UserError):
    """esbuild refuses a Worker's source, or Cloudflare would; `issues` holds each mistake with its place."""

    code = "bundle"

    def __init__(self, message: str, hint: str = "", *, issues: Sequence[Issue] = ()) -> None:
        super().__init__(message, hint)
        self.issues = tuple(issues)


class LimitError(UserError):
    """More than the account's Cloudflare plan allows."""

    code = "limit"


class NotDeployedError(UserError):
    """What is here is not what the stack was deployed from, so a heal would change more than it repairs."""

    code = "not-deployed"


class ExistingError(UserError):
    """The account has something of that name already, which this stack does not know: it is not taken silently."""

    code = "existing"


class EmptyStoreError(UserError):
    """A Worker would be bound to an empty namespace, bucket or database, and the one that it has is full."""

    code = "empty-store"


class LostAddressError(UserError):
    """A Worker would be deleted to which a custom domain or a route leads that the file does not say."""

    code = "lost-address"


class DriftFound(OrchestratorError):
    """The account is not as the file and the stack declare it."""

    code = "drift"
    exit_code = 7


class UnknownOutcome(OrchestratorError):
    """A task may have been done, and nobody knows."""

    exit_code = 3


class LostData(OrchestratorError):
    """A namespace, bucket or database that the stack made is gone from the account; it is not recreated empty."""

    code = "lost-data"
    exit_code = 8


class CloudflareError(OrchestratorError):
    """The Cloudflare API refused a call or did not answer; `status` is its HTTP status, 0 without an answer."""

    code = "cloudflare"

    def __init__(self, message: str, hint: str = "", *, status: int = 0, api_code: int = 0) -> None:
        super().__init__(message, hint)
        self.status = status
        self.api_code = api_code
