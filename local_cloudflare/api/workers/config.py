"""A Worker as the runtime takes it: from an upload (to see whether its code starts), and from what is stored."""

from __future__ import annotations

from collections.abc import Sequence

from local_cloudflare.api.workers.files import Files
from local_cloudflare.api.workers.models import StoredModule, Worker
from local_cloudflare.api.workers.upload import Upload
from local_cloudflare.runtime.models import Assets, Module, WorkerConfig


def of_upload(files: Files, name: str, upload: Upload) -> WorkerConfig:
    """The code by itself: no bindings, no schedules."""
    return WorkerConfig(
        name=name,
        version=upload.etag,
        modules=_modules(files, name, stored_modules(upload)),
        main_module=upload.main_module,
        compatibility_date=upload.compatibility_date,
        compatibility_flags=upload.compatibility_flags,
    )


def of_worker(files: Files, worker: Worker) -> WorkerConfig:
    """The Worker with its active version."""
    version = worker.active
    assets = None
    if version.assets:
        directory = files.assets_directory(version.assets.manifest)
        assets = Assets(directory=directory, config=version.assets.config)
    return WorkerConfig(
        name=worker.name,
        version=version.id,
        modules=_modules(files, worker.name, version.modules),
        main_module=version.main_module,
        compatibility_date=version.compatibility_date,
        compatibility_flags=version.compatibility_flags,
        bindings=version.bindings,
        crons=tuple(schedule.cron for schedule in worker.schedules),
        assets=assets,
        workers_dev=worker.workers_dev,
        source_maps={name: files.module(worker.name, sha256) for name, sha256 in version.source_maps.items()},
    )


def stored_modules(upload: Upload) -> tuple[StoredModule, ...]:
    return tuple(
        StoredModule(
            name=module.name,
            type=module.type,
            content_type=module.content_type,
            sha256=module.sha256,
            size=len(module.content),
        )
        for module in upload.modules
    )


def _modules(files: Files, worker: str, modules: Sequence[StoredModule]) -> tuple[Module, ...]:
    return tuple(
        Module(name=module.name, type=module.type, path=files.module(worker, module.sha256)) for module in modules
    )
