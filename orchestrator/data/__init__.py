"""The account's data itself: what is in a namespace, bucket or database, its backup, and its end.

The only code of the project that deletes data. `store` finds a thing by name and what is bound to it; `kv`, `r2` and
`d1` read and write the contents of each kind; `backup` and `restore` move them to and from a folder; `destroy` ends
them. Everything goes through `Account`, which stays below Cloudflare's rate limit and tries again where that is safe.
"""
