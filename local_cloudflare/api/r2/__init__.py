"""R2: buckets by jurisdiction, and the objects in them."""
