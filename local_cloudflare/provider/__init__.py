"""A stand-in for the official Cloudflare provider plugin of Pulumi, for machines that cannot download it.

It serves the resource types that the orchestrator declares, makes the HTTP calls that the official provider makes,
leaves the same inputs and outputs in the state, is as strict about a state that was edited, and has the same blind
spots: a program that works here must work there, and what the official provider overlooks must be overlooked here as
well. It talks to loopback addresses only.

    pulumi ──gRPC──▶ servicer ──▶ schema   what a resource may say: checked, completed with defaults
                        │    ├──▶ plan     desired against state: what changes, what is not known yet
                        │    └──▶ raw_state    Terraform's state, which must be to be had from the outputs
                        └─────▶ resources ──▶ client ──HTTP──▶ local Cloudflare API

`schema`, `plan`, `raw_state` and `values` are pure. Started by Pulumi through the launcher that `install` writes.
"""
