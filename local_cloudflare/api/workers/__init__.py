"""Workers: scripts with their versions, bindings, secrets, assets, schedules and workers.dev switches."""
