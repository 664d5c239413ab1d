"""Workers AI over the API: the stand-in that Workers' bindings have too. No model runs."""
