"""Workers on this machine: workerd through miniflare, and its Python bridge."""
