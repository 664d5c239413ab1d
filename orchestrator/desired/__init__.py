"""What the file implies: `derive` turns a Manifest into a Desired. Pure.

`stores` are the parts of it that keep data, `workers` the Workers with their bindings; `resources` are the frozen
values, `bindings` what a Worker's bindings look like to the account, `worker_types` their types for the editor,
`ownership` whose a resource is that exists already.
"""
