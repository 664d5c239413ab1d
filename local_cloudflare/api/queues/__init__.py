"""Queues: queues, their messages, and who takes them."""
