"""`make dev`: the stack `local` follows autopilots.yaml and the sources, while the logs of all Workers are shown."""
