"""What is done with the contents of a bucket, from one place."""

from orchestrator.data.r2.emptying import empty
from orchestrator.data.r2.metadata import Object
from orchestrator.data.r2.objects import (
    INDEX,
    differences,
    is_all_read,
    is_empty,
    objects,
    problems,
    read_index,
)
from orchestrator.data.r2.restoring import put_back
from orchestrator.data.r2.saving import save

__all__ = [
    "INDEX",
    "Object",
    "differences",
    "empty",
    "is_all_read",
    "is_empty",
    "objects",
    "problems",
    "put_back",
    "read_index",
    "save",
]
