# Everything here works on a machine that has only Python 3.11 or newer and make.

# The first that runs and is new enough: a name in the path is not yet a Python that works.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(firstword $(foreach name,python3 python3.11 python3.12 python3.13 python,\
  $(shell $(name) -c '$(NEW_ENOUGH)' >/dev/null 2>&1 && command -v $(name))))
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
UV_VERSION := 0.13.9
INSTALLED := $(VENV)/.installed
SAY := @printf '%s\n'
PYTEST ?=
# Each process has databases of its own; tests of one file stay near each other. There is one more
# than there are cores, for one of them always waits for something.
CORES := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
IN_PARALLEL ?= --numprocesses=$(shell expr $(CORES) + 1) --maxprocesses=4 --dist=worksteal

.DEFAULT_GOAL := help
.PHONY: twin help install run serve work test check lint schema bench contest migration lock format clean

help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "; print "make …"} /^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED) ## Make .venv with everything in it, guiche included

$(UV):
	@"$(PYTHON)" -c '$(NEW_ENOUGH)' 2>/dev/null || { \
	  echo "Python 3.11 or newer is needed. Install it, or say where it is: make PYTHON=…" >&2; exit 1; }
	$(SAY) "Making $(VENV) with $$("$(PYTHON)" --version)"
	@"$(PYTHON)" -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(INSTALLED): requirements.lock pyproject.toml | $(UV)
	$(SAY) "Installing what requirements.lock names"
	@VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(UV) pip install --quiet --compile-bytecode --requirement requirements.lock
	@VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(UV) pip install --quiet --no-deps --editable .
	@touch $@
	$(SAY) "Installed."

run: install ## Everything at once: migrate, a demo to look at, serve
	@$(BIN)/guiche run

serve: install ## Answer requests, as settings say
	@$(BIN)/guiche serve

work: install ## The worker, for PostgreSQL
	@$(BIN)/guiche work

test: install ## The whole suite, on SQLite and on PostgreSQL with Redis
	@$(BIN)/pytest $(IN_PARALLEL) $(PYTEST)

check: lint test ## Exactly what CI runs

lint: install
	$(SAY) "ruff format"
	@$(BIN)/ruff format --check
	$(SAY) "ruff check"
	@$(BIN)/ruff check
	$(SAY) "mypy"
	@$(BIN)/mypy
	$(SAY) "lint-imports"
	@$(BIN)/lint-imports
	$(SAY) "graph/schema.graphql"
	@$(BIN)/guiche schema --check

schema: install ## Write graph/schema.graphql anew
	@$(BIN)/guiche schema > graph/schema.graphql.new
	@mv graph/schema.graphql.new graph/schema.graphql

twin: install ## What docker-compose.yml describes, without containers
	@$(BIN)/python -m scripts.twin

bench: install ## Measure; see bench/README.md
	@$(BIN)/python -m bench $(BENCH)

contest: install ## Measure beside other servers: make contest HARNESS=folder; see bench/README.md
	@BENCH_CONTESTANTS="$(CURDIR)/bench/contestant" "$(HARNESS)/run.sh" $(BENCH)

migration: install ## A new migration from what the models say: make migration NAME="what it does"
	@$(BIN)/python scripts/migration.py "$(NAME)"

lock: install ## Write requirements.lock anew from pyproject.toml
	@$(UV) pip compile --quiet --universal --python-version 3.11 pyproject.toml --extra otel --group dev --output-file requirements.lock $(LOCK)

format: install ## Format the code and mend what can be mended
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

clean: ## Take away what make install made
	@rm -rf $(VENV) build *.egg-info
