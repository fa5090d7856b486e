.DEFAULT_GOAL := help
SHELL := /bin/bash
# The distribution's own, if it is new enough: built with profile-guided optimization, a quarter faster than what other
# managers of Python versions compile by default.
PYTHON ?= $(or $(shell for python in /usr/bin/python3 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done),python3)
VENV := .venv
BIN := $(VENV)/bin
LOCAL := PYTHONPATH=infra/local:infra $(BIN)/python -m cluster
INSTALLED := test -x $(BIN)/python || { echo "nothing is installed here yet: make up" >&2; exit 1; }
SERVICES := libs/common libs/client libs/cli services/api services/scheduler services/worker

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: packages $(VENV)/.installed ## install what is missing: .venv and Debian packages

$(VENV)/.installed: requirements.lock VERSION $(SERVICES:%=%/pyproject.toml)
	@echo "Installing Python packages into $(VENV) (about 20 s) ..."
	@$(PYTHON) -c 'import sys; sys.exit("Foliot needs Python 3.11 or newer: make PYTHON=python3.11 ...") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation $(SERVICES:%=-e %)
	@touch $@

packages: ## install the Debian packages that are missing
	@infra/local/install-packages

up: setup ## start the local cluster, prove it with one job of each type (API_PORT=8081 SCHEDULERS=3 WORKERS=4, any setting)
	@$(LOCAL) up

status: ## one line a process of the local cluster
	@$(INSTALLED)
	@$(LOCAL) status

logs: ## logs of the local cluster for eyes (SERVICE=worker-1 LEVEL=warning LINES=200 FOLLOW=1)
	@$(INSTALLED)
	@$(LOCAL) logs

down: ## stop the local cluster, keep its data
	@$(INSTALLED)
	@$(LOCAL) down

key: ## a new admin key for the local cluster, if the stored one was lost or revoked
	@$(INSTALLED)
	@$(LOCAL) key

clean: ## stop the local cluster and remove its data
	@$(INSTALLED)
	@$(LOCAL) clean

test: setup ## run all tests, on private servers of their own (PYTEST="-k name" to choose)
	@$(BIN)/pytest $(PYTEST)

test-unit: setup ## run the fast tests
	@$(BIN)/pytest tests/architecture tests/unit $(PYTEST)

lint: setup ## ruff, mypy --strict, unused members, import borders
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/vulture
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

fmt: setup ## format
	@$(BIN)/ruff check -q --fix . ; $(BIN)/ruff format .

chaos: setup ## campaigns of faults with their checker (CAMPAIGN=leader-kill ROUNDS=100; all by default)
	@PYTHONPATH=tools:tests:infra/local $(BIN)/python -m chaos $(or $(CAMPAIGN),all) $(if $(ROUNDS),--rounds $(ROUNDS))

storm: setup ## 50 callers do everything at once to 16 jobs: no answer 500, a ledger without holes (SECONDS=60)
	@rm -f .local/chaos/storm.json
	@PYTHONPATH=tools:tests:infra/local $(BIN)/python -m chaos storm --seconds $(or $(SECONDS),60)

$(VENV)/peers/.installed: tools/benchmarks/peers.lock
	@echo "Installing the systems to compare with into $(VENV)/peers ..."
	@$(PYTHON) -m venv $(VENV)/peers
	@$(VENV)/peers/bin/pip install -q --disable-pip-version-check --require-hashes -r $<
	@touch $@

bench: setup $(VENV)/peers/.installed ## measure, alone and beside others (SUITE=throughput ROUNDS=5 SECONDS=60; QUICK=1: 3 minutes)
	@infra/local/install-packages wrk
	@PYTHONPATH=tools:tests:infra/local $(BIN)/python -m benchmarks $(or $(SUITE),all) $(if $(QUICK),--quick) $(if $(REPLICA),--replica) \
		$(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SECONDS),--seconds $(SECONDS)) \
		$(if $(WORKERS),--workers $(WORKERS)) $(if $(SLOTS),--slots $(SLOTS))

versus: setup ## measure this tree against another commit, in turn (BASE=HEAD~1 ROUNDS=5 SECONDS=20 CELLS=drain,soak,post)
	@infra/local/install-packages wrk
	@PYTHONPATH=tools:tests:infra/local $(BIN)/python -m benchmarks.versus $(or $(BASE),HEAD~1) $(if $(ROUNDS),--rounds $(ROUNDS)) \
		$(if $(SECONDS),--seconds $(SECONDS)) $(if $(CELLS),--cells $(CELLS))

bench-report: setup ## write docs/performance.md from the figures of the last runs
	@PYTHONPATH=tools:tests:infra/local $(BIN)/python -m benchmarks.report

fences: setup ## take each guard out of a copy and see its test turn red (FENCE="word of its name" SHARD=1/2)
	@PYTHONPATH=tools:tests $(BIN)/python -m fences "$(FENCE)" $(if $(SHARD),--shard $(SHARD))

oracle: setup ## compare fire times with a brute-force scan (CASES=100000 SHARD=1/2)
	@PYTHONPATH=tools:tests $(BIN)/python -m oracle.campaign --cases $(or $(CASES),100000) $(if $(SHARD),--shard $(SHARD))

fuzz: setup ## hostile input by the thousand (SUITE=api|http|amqp COUNT=20000 SEED=foliot; api: SHARD=1/2 RESUME=file)
	@PYTHONPATH=tools:tests:infra/local $(BIN)/python -m fuzz $(or $(SUITE),api) $(if $(COUNT),--count $(COUNT)) \
		$(if $(SEED),--seed $(SEED)) $(if $(SHARD),--shard $(SHARD)) $(if $(RESUME),--resume $(RESUME))

alerts: setup ## write infra/alerts/*.yml from their settings
	@PYTHONPATH=infra $(BIN)/python -m monitoring alerts

dashboards: setup ## write infra/dashboards/*.json from their code
	@PYTHONPATH=infra $(BIN)/python -m monitoring dashboards

docs-metrics: setup ## write docs/metrics.md from the code
	@PYTHONPATH=infra $(BIN)/python -m monitoring docs-metrics

docs-job-types: setup ## write docs/job-types.md from the code
	@PYTHONPATH=infra $(BIN)/python -m monitoring docs-job-types

docs-events: setup ## write docs/events.md from the code
	@PYTHONPATH=infra $(BIN)/python -m monitoring docs-events

docs-configuration: setup ## write docs/configuration.md from the code
	@PYTHONPATH=infra $(BIN)/python -m monitoring docs-configuration

openapi: setup ## write docs/openapi.json and the client's types and operations from the code
	@PYTHONPATH=infra $(BIN)/python -m monitoring openapi

images: ## build the container images
	@FOLIOT_REVISION=$$(git rev-parse --short HEAD) docker compose build

compose-e2e: setup ## run the end-to-end tests against docker compose, with kills, losses and a restore
	@$(BIN)/pytest tests/e2e/compose --compose --timeout=600 $(PYTEST)

planner-model: setup ## compare the planner with a model over stories made up (EXAMPLES=1000)
	@PYTHONPATH=tools:tests:infra/local $(BIN)/python -m planning model --examples $(or $(EXAMPLES),1000)

planner-bars: setup ## plan after an outage of 2 h, and 50,000 jobs due at one instant
	@PYTHONPATH=tools:tests:infra/local $(BIN)/python -m planning bars

simulate: setup ## play stories, each from its seed (LAYER=virtual|statements SEEDS=1000 FROM=0 SHARD=1/2 RESUME=folder)
	@PYTHONPATH=infra/local:infra:tests:tools $(BIN)/python -m simulate $(or $(LAYER),virtual) --seeds $(or $(SEEDS),1000) \
		--from $(or $(FROM),0) $(if $(SHARD),--shard $(SHARD)) $(if $(RESUME),--progress $(RESUME))

snapshot: setup ## write sql/schema.txt from the migrations
	@FOLIOT_WRITE_SNAPSHOT=1 $(BIN)/pytest -q tests/migrations -k snapshot

.PHONY: release
release: setup ## test, commit and tag a release (VERSION=1.2.3; CHECKED=1: the tests have passed already)
	@PYTHONPATH=tools $(BIN)/python -m release "$(VERSION)" $(if $(filter 1,$(CHECKED)),--checked)

COMPILE := $(VENV)/lock/bin/pip-compile -q --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url \
	--no-emit-find-links --no-emit-trusted-host --no-header

lock: ## resolve requirements.in into requirements.lock, and the benchmarks' peers.in
	@$(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install -q pip-tools
	@$(COMPILE) -o requirements.lock requirements.in
	@$(COMPILE) -o tools/benchmarks/peers.lock tools/benchmarks/peers.in

.PHONY: help setup packages up status logs down key clean test test-unit lint fmt chaos storm bench versus bench-report fences fuzz oracle alerts dashboards docs-metrics docs-job-types docs-events docs-configuration openapi images compose-e2e planner-model planner-bars simulate snapshot release lock
