"""What every resource type has: a table of its properties, and the calls that create, read, update and delete it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from local_cloudflare.provider.errors import ProviderError
from local_cloudflare.provider.raw_state import META
from local_cloudflare.provider.schema import Failure, Schema, with_defaults
from local_cloudflare.provider.values import Properties

if TYPE_CHECKING:
    from local_cloudflare.provider.client import Client


class Resource(ABC):
    """One resource type. Stateless: what it works on comes with each call.

    `planned` has UNKNOWN where the answer decides; `state` is what Pulumi kept of the resource. A call that fails
    raises ProviderError; `read` raises ApiError with status 404 for a resource that is gone.
    """

    pulumi_type: ClassVar[str]
    schema: ClassVar[Schema]
    import_id: ClassVar[tuple[str, ...]]  # the properties in `<account>/<…>`
    optional_import_id: ClassVar[tuple[str, ...]] = ()
    secret_keys: ClassVar[frozenset[str]] = frozenset()  # names of values that are secret, at any depth

    def pulumi_id(self, outputs: Properties) -> str:
        """The id in Pulumi's state."""
        return str(outputs["id"])

    def validate(self, inputs: Properties) -> list[Failure]:
        """Rules that no single property can hold; `inputs` may have UNKNOWN in it."""
        return []

    def desired(self, inputs: Properties) -> Properties:
        """What the program wants, completed with defaults and what follows from files."""
        return with_defaults(self.schema, inputs)

    def upgraded(self, state: Properties) -> Properties:
        """A state that names no version, taken for one of version 4 of Terraform's provider, as the official one does.

        What that version did not have is lost. Raises ProviderError where the two have not even the names in common.
        """
        raise ProviderError(f"Unable to Upgrade Resource State: {self.pulumi_type} has no {META} in the state")

    @abstractmethod
    def create(self, client: Client, planned: Properties) -> Properties:
        """Make it, and return its outputs."""

    @abstractmethod
    def read(self, client: Client, state: Properties) -> Properties:
        """Its outputs as they are now."""

    @abstractmethod
    def update(self, client: Client, planned: Properties, state: Properties) -> Properties:
        """Change it in place, and return its outputs."""

    @abstractmethod
    def delete(self, client: Client, state: Properties) -> None:
        """Take it away."""

    def imported(self, identifier: str) -> Properties:
        """The state from which a resource that exists already is read, by the id given to `pulumi import`."""
        names = self.import_id + self.optional_import_id
        parts = identifier.split("/")
        if not all(parts) or not len(self.import_id) <= len(parts) <= len(names):
            form = "/".join(f"<{name}>" for name in names)
            raise ProviderError(f'invalid ID: expected import ID "{identifier}" to be in the format "{form}"')
        return dict(zip(names, parts, strict=False))
