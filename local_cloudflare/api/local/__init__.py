"""The emulator's own controls: state, reset, tokens, faults, cron. Under `/_local`, which the real API cannot have.

They need the main token, like everything else here, and answer plain JSON without the envelope.
"""
