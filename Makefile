# The commands of this project. `make` alone lists them.
#
# Everything they make is in .partyline/ (environments, the emulator's files) and .aws-sam/ (the built stack). Git ignores
# both, and both can be deleted at any time; with .partyline/ goes what `make run` has kept.

.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/bash

# A Python 3.11 or newer: PYTHON=... if given, else the first suitable one on PATH or among pyenv's.
PYTHON := $(or $(shell PYTHON="$(PYTHON)" sh local/find-python.sh 2>/dev/null),$(PYTHON))

STATE := .partyline
BIN := $(STATE)/dev/bin

# The runtime and processor of the built stack: the template's defaults.
RUNTIME ?= python3.13
ARCHITECTURE ?= arm64

export AWS_DEFAULT_REGION ?= us-east-1
# Without bytecode each of the many processes of a test run compiles every module anew.
unexport PYTHONDONTWRITEBYTECODE
export SAM_CLI_TELEMETRY := 0
export NO_MKDOCS_2_WARNING := 1

SOURCES := layers/partyline/partyline functions local operations benchmarks tests

.PHONY: help run test coverage unit slow simulate smoke screenshots conformance check format docs build events openapi capacity bench burst latency presses lock clean python dev

help: ## List the commands.
	@echo "Partyline: make <target>"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

python:
	@PYTHON="$(PYTHON)" sh local/find-python.sh >/dev/null

dev: python ## Install the tools of development, into .partyline/dev.
	@$(PYTHON) -m local.environments dev

run: python ## Run the whole stack locally, on port PORT (8080) of 127.0.0.1.
	@exec $(PYTHON) -m local

IN_PROCESS := tests/unit tests/project tests/integration tests/conformance
MINUTES ?= 2
# A file is run by one process, so that what its tests share is made once.
PARALLEL := --numprocesses=auto --maxprocesses=4 --dist=loadfile --no-loadscope-reorder

test: dev ## Every test: unit, project, integration, end to end. ARGS are pytest's.
	$(BIN)/python -m local.test_runs $(ARGS)

# Apart from `test`: measuring doubles the time of what it measures.
coverage: dev ## Measure which lines and branches the tests reach, without those end to end.
	@mkdir -p $(STATE)
	$(BIN)/python -m pytest $(PARALLEL) --cov --cov-report=term $(ARGS) $(IN_PROCESS)

unit: dev ## The fast tests only: one package after the other, without the table.
	HYPOTHESIS_PROFILE=quick $(BIN)/python -m pytest $(PARALLEL) tests/unit $(ARGS)

simulate: dev ## Play histories of the whole stack for MINUTES (2), from SEED if given; MINUTES= SEED=17 plays one.
	PYTHONPATH=layers/partyline $(BIN)/python -m tests.simulation $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED)) $(ARGS)

# Apart from `test`: they take minutes, and a scenario in a browser finds most of what they would.
slow: dev ## Each screen of the inbox in detail, power cuts of `make run`, and upgrades from earlier releases. ARGS are pytest's.
	$(BIN)/python -m pytest tests/e2e -m slow --durations=10 $(ARGS)

screenshots: dev ## Take the pictures of the documentation, of a running `make run`.
	$(BIN)/python -m tests.support.screenshots

# A deployment: URL, and PARTYLINE_ACCOUNT_SID and PARTYLINE_AUTH_TOKEN in the environment; ARGS as --line, --phone, --reply.
smoke: dev ## Try a deployment from outside: URL=https://..., ARGS as --live-url=wss://...
	@$(BIN)/python -m operations.smoke $(URL) $(ARGS)

conformance: dev ## Call every operation of Twilio's contract, and print what holds.
	$(BIN)/python -m pytest tests/conformance --table $(ARGS)

check: dev ## Check lint, format, types, imports, the template, the docs, and known vulnerabilities of what is pinned.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(SOURCES)
	$(BIN)/python -m local.javascript check
	PYTHONPATH=layers/partyline $(BIN)/lint-imports --no-cache
	$(BIN)/mkdocs build --strict
	$(BIN)/sam validate --lint
	$(BIN)/python -m local.audit
	@mkdir -p $(STATE)
	$(BIN)/python -m local.expansion $(STATE)/expanded.json
# W1028: SAM writes the condition of a route into itself. I3042: it writes the partition of a region into permissions.
# W2001, W7001: it alone reads Rollout and its mapping. I3011: queues and logs end with the stack; what does not is in
# tests/project/test_template.py.
	$(BIN)/cfn-lint --regions us-east-1 eu-west-1 --include-checks I --configure-rule E3012:strict=true \
	  --ignore-checks W1028 W2001 W7001 I3011 I3042 --template $(STATE)/expanded.json

format: dev ## Format the code.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python -m local.javascript format

docs: dev ## Build the documentation as a website, into .partyline/site.
	$(BIN)/mkdocs build --strict
	@echo "open $(STATE)/site/index.html"

build: dev ## Build the inbox, and the stack for RUNTIME (python3.13) on ARCHITECTURE (arm64).
	@$(MAKE) --no-print-directory -C layers/partyline PARTYLINE_RUNTIME=$(RUNTIME) PARTYLINE_ARCHITECTURE=$(ARCHITECTURE) runtime
	$(BIN)/python -m local.javascript build
	@find functions -name __pycache__ -prune -exec rm -rf {} +
	PATH="$(abspath $(BIN)):$$PATH" PARTYLINE_RUNTIME=$(RUNTIME) PARTYLINE_ARCHITECTURE=$(ARCHITECTURE) \
	  sam build --parameter-overrides Runtime=$(RUNTIME) Architecture=$(ARCHITECTURE)
	$(BIN)/python -m local.release .aws-sam/build/template.yaml

events: dev ## Run every sample of events/ through its built function, as Lambda does.
	$(BIN)/python -m local.events

openapi: dev ## Write the OpenAPI document of our own resources, docs/openapi.json.
	PYTHONPATH=layers/partyline $(BIN)/python -m local.openapi

capacity: dev ## Count what a text uses, and at how many a second each part is full. ARGS: NAME=VALUE ..., --write.
	@PYTHONPATH=layers/partyline $(BIN)/python -m tests.support.capacity $(ARGS)

bench: dev ## Measure the functions beside what one would write instead. ARGS: --write, --turns N, --starts N.
	@PYTHONPATH=layers/partyline $(BIN)/python -m benchmarks $(ARGS)

burst: dev ## Send group texts through a running `make run`: how many arrive a second. ARGS: --texts N, --write.
	@set -a; . $(STATE)/local.env; PYTHONPATH=layers/partyline $(BIN)/python -m benchmarks.burst $(ARGS)

latency: dev ## Send texts one by one through a running `make run`: how long each takes. ARGS: --texts N, --write.
	@set -a; . $(STATE)/local.env; PYTHONPATH=layers/partyline $(BIN)/python -m benchmarks.latency $(ARGS)

presses: dev ## Press what a person presses in the inbox of a running `make run`: how long each takes. ARGS: --write.
	@set -a; . $(STATE)/local.env; PYTHONPATH=layers/partyline $(BIN)/python -m benchmarks.presses $(ARGS)

lock: dev ## Pin the newest compatible releases in the lock files.
	@$(PYTHON) -m venv $(STATE)/lock
	@$(STATE)/lock/bin/python -m pip install --quiet uv
	@set -e; lock() { echo "$$2"; $(STATE)/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $$3 $$1 -o $$2; }; \
	lock layers/partyline/requirements.in layers/partyline/requirements.txt; \
	lock layers/partyline/cryptography.in layers/partyline/cryptography.txt "--no-emit-package=cffi --no-emit-package=pycparser"; \
	lock requirements.in requirements.lock; \
	lock local/emulator.in local/emulator.lock; \
	lock local/runtime.in local/runtime.lock; \
	lock local/uv.in local/uv.lock; \
	lock benchmarks/requirements.in benchmarks/requirements.lock
	$(BIN)/python -m local.javascript lock

clean: ## Delete everything that the other commands made, and what `make run` has kept.
	rm -rf $(STATE) inbox/node_modules inbox/dist functions/pages/site
	rm -rf .aws-sam .coverage htmlcov .pytest_cache .mypy_cache .ruff_cache .hypothesis
