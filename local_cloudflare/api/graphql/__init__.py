"""The analytics of the account, over GraphQL: what Workers and the REST API did, as the runtime counted it."""
