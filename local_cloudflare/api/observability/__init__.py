"""Workers Observability: what the Workers whose logs are kept wrote and threw, as one query asks for it."""
