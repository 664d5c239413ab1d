"""Cloudflare's REST API (/client/v4) on loopback: one folder per service, each with routes, models and errors."""
