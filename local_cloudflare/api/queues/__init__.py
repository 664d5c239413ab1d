"""Queues: queues, and who takes their messages. The control plane only: no message is carried yet."""
