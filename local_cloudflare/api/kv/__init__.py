"""Workers KV: namespaces, and the values, metadata and keys in them."""
