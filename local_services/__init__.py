"""Services of other companies on this machine, for the stack `local`: nothing to sign up for, loopback only."""
