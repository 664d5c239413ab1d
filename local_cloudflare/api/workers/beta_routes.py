"""The newer list of Workers (beta in the API's own words): what belongs to all versions of each, in one paged list."""

from __future__ import annotations

from local_cloudflare.api.auth import WORKERS_READ
from local_cloudflare.api.call import Call, Route
from local_cloudflare.api.envelope import Answer, page
from local_cloudflare.api.workers import errors, views
from local_cloudflare.api.workers.models import Workers


async def list_workers(call: Call) -> Answer:
    """A page of Workers, by name; the real service takes an order, which no client here asks for."""
    wanted = call.page(per_page=20, most=100, malformed=errors.malformed_parameter)
    workers = sorted(Workers(call.cloud.store).all(), key=lambda worker: worker.name)
    found = page(workers, wanted)
    return Answer(result=[views.worker(worker) for worker in found.result], info=found.info)


ROUTES = (
    Route(method="GET", path="/accounts/{account_id}/workers/workers", handler=list_workers, permission=WORKERS_READ),
)
