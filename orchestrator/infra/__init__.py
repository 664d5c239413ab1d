"""The Pulumi side: what a `Desired` becomes. Only this package and the project's `__main__.py` import pulumi."""
