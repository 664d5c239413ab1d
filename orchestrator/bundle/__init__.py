"""From sources to what is uploaded: the modules of each Worker, the admin page beside the router, and type checks."""
