"""The process itself: the API on one port, workerd on another, cron triggers and queues, until it is told to end.

Everything listens on loopback only. uvicorn's own handling of signals is replaced: it ends the process before the
runtime is closed.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from starlette.routing import Mount

from local_cloudflare import process
from local_cloudflare import settings as settings_file
from local_cloudflare.api import exposed
from local_cloudflare.api.app import create_app
from local_cloudflare.api.auth import Tokens
from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.cron import run_forever
from local_cloudflare.api.d1.time_travel import keep_forever
from local_cloudflare.api.heal import heal_routes
from local_cloudflare.api.local.controls import Controls
from local_cloudflare.api.queues.broker import Broker
from local_cloudflare.api.queues.messages import Messages
from local_cloudflare.api.queues.producers import Producers
from local_cloudflare.api.store import Store
from local_cloudflare.api.workers.scripts import Scripts
from local_cloudflare.errors import ServiceError
from local_cloudflare.healer import Healer
from local_cloudflare.listening import listening_on, server_of
from local_cloudflare.runtime.bridge import Runtime
from local_cloudflare.runtime.errors import RuntimeFault
from local_cloudflare.runtime.models import QueueGateway
from local_cloudflare.settings import STRIPE_PATH, Settings
from local_services.stripe.app import Stripe
from local_services.stripe.world import World

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, kw_only=True)
class Options:
    """A port of None: the remembered one; 0: any free one. `heal`: the command for when a heal is asked for.
    `fires_crons`: cron triggers fire by the clock."""

    data: Path
    api_port: int | None = None
    workers_port: int | None = None
    account_id: str | None = None
    heal: Sequence[str] = ()
    fires_crons: bool = True


def serve(options: Options) -> None:
    """Run until SIGINT or SIGTERM. Raises ServiceError where it cannot start."""
    with process.serving(options.data):
        settings = settings_file.load_or_create(options.data, account_id=options.account_id)
        ports = settings_file.choose_ports(settings, api_port=options.api_port, workers_port=options.workers_port)
        first = options.api_port is None and settings.api_port == 0
        with listening_on(ports[0], or_any=first) as listener:
            # Who has the API's default port has that of Workers: two may start for the first time at one moment.
            late = ports == settings_file.DEFAULT_PORTS and listener.getsockname()[1] != ports[0]
            try:
                asyncio.run(_run(options, settings, listener, 0 if late else ports[1]))
            except RuntimeFault as fault:
                raise ServiceError(
                    f"workerd, which runs the Workers: {fault}", "if it never ran: `make setup`"
                ) from fault


async def _run(options: Options, settings: Settings, listener: socket.socket, workers_port: int) -> None:
    data = options.data
    healer = Healer(options.heal, data / "heal.log")
    gateway = QueueGateway(
        address="{}:{}".format(*listener.getsockname()),
        token=secrets.token_hex(16),
    )
    with (
        Store(data / "account.sqlite") as store,
        Messages(data / "queues.sqlite") as messages,
        Store(data / "stripe.sqlite") as stripe_store,
    ):
        runtime = Runtime(data=data / "runtime", workers_port=workers_port, queues=gateway)
        cloud = Cloud(account_id=settings.account_id, data=data, store=store, messages=messages, runtime=runtime)
        tokens = Tokens(store, settings.api_token)
        controls = Controls(cloud=cloud, tokens=tokens)
        stripe = Stripe(World(stripe_store, f"http://{gateway.address}{STRIPE_PATH}"))
        others = [*heal_routes(healer, tokens, settings.heal_token), Mount(STRIPE_PATH, stripe.app)]
        server = server_of(Producers(create_app(controls, others), cloud, gateway.token))
        for number in _SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, server.end)
        async with runtime:
            await Scripts(cloud).restore()
            await exposed.restore(cloud)
            settings = replace(settings, api_port=listener.getsockname()[1], workers_port=runtime.workers_port)
            settings_file.save(data, settings)
            process.announce(data, _process(settings))
            work = (run_forever(cloud), Broker(cloud).run(), keep_forever(cloud))
            going_on = [asyncio.create_task(each) for each in work]
            try:
                await server.serve(sockets=[listener])
            finally:
                for task in going_on:
                    task.cancel()
                await healer.close()


def _process(settings: Settings) -> process.Process:
    return process.Process(
        pid=os.getpid(),
        api_port=settings.api_port,
        workers_port=settings.workers_port,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        code=process.code(),
    )
