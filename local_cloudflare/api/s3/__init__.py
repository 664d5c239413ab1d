"""R2's S3 API over the same buckets and objects: `/_s3/<account id>[.<jurisdiction>]/<bucket>/<key>`.

What on the real service is the host `<account id>[.<jurisdiction>].r2.cloudflarestorage.com` is the beginning of the
path here, since few resolvers know names below `localhost`: an S3 client gets it as its endpoint. Path style only.
`signature` checks who asks, `payload` what arrives, `calls` says which call it is; the rest is one module for each
group of calls.
"""
