"""The account, the user and their tokens, as far as clients ask about them before they do anything else."""
