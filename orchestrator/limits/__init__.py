"""What Cloudflare's plans allow, and what a `Desired` would use of it.

    plans    the limits, as data
    use      Desired (+ what else is in the account) ──usage──▶ one Use per limit
    report   Use ──▶ the table, the warnings, the error, the JSON

Pure: `orchestrator.cloudflare.inventory` reads the account, and who calls `usage` measures the modules.
"""

from __future__ import annotations

from orchestrator.limits.plans import LIMITS, Limit, Plan
from orchestrator.limits.use import Inventory, ModuleSize, Share, Use, usage

__all__ = ["LIMITS", "Inventory", "Limit", "ModuleSize", "Plan", "Share", "Use", "usage"]
