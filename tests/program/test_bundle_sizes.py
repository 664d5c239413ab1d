"""Every Worker's bundle has a budget, so that nobody makes it larger without saying so.

The budgets are what the bundles are, and little more: whoever needs more raises one, and says why in the commit.
docs/decisions/0010 and 0019 say what the sizes were.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.bundle.modules import bundle_workers, module_sizes
from orchestrator.desired.derive import derive
from orchestrator.manifest import load

ROOT = Path(__file__).parents[2]
BUDGETS = {
    "efh-autopilot-orchestrator": 73_500,  # 11 KB croner, 6 the catalogue, 3 alerts: docs/decisions/0048, 0066
    "efh-agent": 63_100,  # 36 KB of it postal-mime, half of that HTML's names of characters
    "efh-ai-stylist": 19_350,
    "efh-page-deployer": 13_700,
    "efh-payout-batch": 17_600,
}  # bytes after gzip
MOST_UNUSED = 1_000  # bytes: what was saved is kept


@pytest.fixture(scope="module")
def sizes() -> dict[str, int]:
    desired = derive(load(ROOT / "autopilots.yaml"))
    sizes = module_sizes(bundle_workers(desired, root=ROOT), root=ROOT)
    return {name: size.compressed for name, size in sizes.items()}


@pytest.mark.parametrize("name", sorted(BUDGETS))
def test_it_is_within_its_budget_and_the_budget_is_close(name: str, sizes: dict[str, int]) -> None:
    assert BUDGETS[name] - MOST_UNUSED <= sizes[name] <= BUDGETS[name]
