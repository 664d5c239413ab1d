"""`autopilots.yaml`: the one file that people edit.

text ──source──▶ plain data with positions ──models──▶ Manifest
                                            └─checks──▶ what needs more than one place of the file

`load` and `parse` give a Manifest or raise ManifestError with every issue of the file at once.
"""

from __future__ import annotations

from orchestrator.manifest.issues import Issue
from orchestrator.manifest.models import (
    Autopilot,
    BucketNeed,
    KvNamespaceNeed,
    Manifest,
    Needs,
    Orchestrator,
    SecretNeed,
    Task,
    WorkerScript,
)

__all__ = [
    "Autopilot",
    "BucketNeed",
    "Issue",
    "KvNamespaceNeed",
    "Manifest",
    "Needs",
    "Orchestrator",
    "SecretNeed",
    "Task",
    "WorkerScript",
]
