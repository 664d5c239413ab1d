"""The Pulumi side: what a `Desired` becomes. The only package, with the project's `__main__.py`, that imports pulumi."""
