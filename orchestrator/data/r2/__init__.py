"""What is in an R2 bucket: listed, saved, brought back, compared, deleted.

`metadata` says what an object is, and what S3's headers can carry of it; `objects` lists a bucket and reads a backup's
index; `bytes` moves an object's bytes by S3's API, or by the REST API within its limits; `saving`, `restoring` and
`emptying` use them. The rest of the program comes in by `contents`.
"""
