# Everything that people and CI run. Each target is one line that calls a script or a module; `make` lists them.
PYTHON ?= python3
BIN := $(CURDIR)/.venv/bin
# What the recipes start finds it here; the recipes name it in full, since the make of macOS looks elsewhere for theirs.
export PATH := $(BIN):$(PATH)
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev up dev down destroy logs shell test test-unit check docs format lock schema site types catalog

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

setup: ## install everything inside the checkout (every other target does it first)
	@$(PYTHON) -m scripts.setup

setup-dev:
	@$(PYTHON) -m scripts.setup --dev

up: setup ## Cloudflare on this machine, pulumi up on the stack `local`, one real task
	@$(BIN)/python -m scripts.up

dev: setup ## what `up` does, then each saved source is live, with the logs of all Workers
	@$(BIN)/python -m orchestrator dev

down: setup ## stop Cloudflare on this machine; its data and the stack stay
	@$(BIN)/python -m local_cloudflare stop --dir .local/cloudflare

destroy: setup ## remove the stack `local` and everything of Cloudflare on this machine, data too
	@$(BIN)/python -m scripts.destroy

logs: setup ## follow what the Workers on this machine log
	@$(BIN)/python -m local_cloudflare logs --dir .local/cloudflare --follow

shell: setup ## print export lines for the local stack: eval "$$(make -s shell)"
	@$(BIN)/python -m scripts.shell

test: setup-dev ## all tests, unit tests first
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

test-unit: setup-dev ## the tests that take milliseconds
	@$(BIN)/python -m pytest tests/unit -q -n logical -p no:schemathesis

check: setup-dev ## ruff, mypy --strict, biome, knip, tsc, actionlint, docs, catalogue
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy
	@$(BIN)/node node_modules/@biomejs/biome/bin/biome check --error-on-warnings . && $(BIN)/node node_modules/knip/bin/knip.js
	@$(BIN)/node node_modules/typescript/bin/tsc -p tsconfig.json && $(BIN)/node node_modules/typescript/bin/tsc -p tsconfig.node.json
	@$(BIN)/node node_modules/typescript/bin/tsc -p admin/tsconfig.json
	@$(BIN)/python -m scripts.lint_workflows
	@$(BIN)/python -m scripts.lock --check
	@$(BIN)/python -m scripts.docs --check
	@$(BIN)/python -m scripts.catalog --check

format: setup-dev ## format and sort imports
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format . ; $(BIN)/node node_modules/@biomejs/biome/bin/biome check --write .

schema: setup ## write autopilots.schema.json from the models in orchestrator/manifest
	@$(BIN)/python -m orchestrator schema > .local/schema.json && mv .local/schema.json autopilots.schema.json

docs: setup ## write docs/reference from the code
	@$(BIN)/python -m scripts.docs

catalog: setup-dev ## record what the catalogue's entries say; a break needs a new major version
	@$(BIN)/python -m scripts.catalog

site: setup ## the documentation as a site in .build/site, every link checked
	@$(BIN)/python -m scripts.site

types: setup-dev ## write the admin page's types of the API from router/openapi.yaml
	@$(BIN)/node admin/node_modules/openapi-typescript/bin/cli.js router/openapi.yaml -o admin/src/api/schema.d.ts --root-types --root-types-no-schema-prefix

lock: setup-dev ## lock the Python packages again, with hashes; `make lock UPGRADE=1` in newer versions
	@$(BIN)/python -m scripts.lock $(if $(UPGRADE),--upgrade)
