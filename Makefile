# Everything that people and CI run. Each target is one line that calls a script or a module; `make` lists them.
PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)
.DEFAULT_GOAL := help
.PHONY: help setup up down destroy logs shell test test-unit check format schema bench

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

setup: ## install everything inside the checkout (every other target does it first)
	@$(PYTHON) scripts/setup.py

setup-dev:
	@$(PYTHON) scripts/setup.py --dev

up: setup ## Cloudflare on this machine, pulumi up on the stack `local`, one real task
	@python -m scripts.up

down: setup ## stop Cloudflare on this machine; its data and the stack stay
	@python -m local_cloudflare stop --dir .local/cloudflare

destroy: setup ## remove the stack `local` and everything of Cloudflare on this machine, data too
	@python -m scripts.destroy

logs: setup ## follow what the Workers on this machine log
	@python -m local_cloudflare logs --dir .local/cloudflare --follow

shell: setup ## print export lines for the local stack: eval "$$(make -s shell)"
	@python -m scripts.shell

test: setup-dev ## all tests, unit tests first
	@python -m pytest -n auto --dist loadfile --no-loadscope-reorder

test-unit: setup-dev ## the tests that take milliseconds
	@python -m pytest tests/unit -q

check: setup-dev ## ruff, mypy --strict, biome, knip, tsc, actionlint
	@ruff check . && ruff format --check . && mypy
	@node node_modules/@biomejs/biome/bin/biome check --error-on-warnings . && node node_modules/knip/bin/knip.js
	@node node_modules/typescript/bin/tsc -p tsconfig.json && node node_modules/typescript/bin/tsc -p tsconfig.node.json
	@python -m scripts.lint_workflows

format: setup-dev ## format and sort imports
	@ruff check --fix . ; ruff format . ; node node_modules/@biomejs/biome/bin/biome check --write .
