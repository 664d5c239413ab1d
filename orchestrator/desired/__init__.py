"""What the file implies: `derive` turns a Manifest into a Desired. Pure.

`resources` are the frozen values, `bindings` what a Worker's bindings look like to the account, `ownership` whose a
resource is that exists already.
"""
