"""The catalogue: what each capability takes and answers, one file of catalog/capabilities/ each."""

from orchestrator.catalog.entries import Entry, load_catalog

__all__ = ["Entry", "load_catalog"]
