# The whole project by one word each. `make` and `python3` (3.11 or later, with venv) are all that
# must be there: uv is used where it is installed, else it is put into .venv.
#
#   make up        start Responder on this machine          make up ARGS="--port 0"
#   make demo      the same, with invented people
#   make setup     prepare .venv and start nothing; the command is then .venv/bin/responder
#   make test      every test; installs what that needs     make test ARGS="tests/unit -k queue"
#   make chaos     every fault of the matrix; writes docs/reference/faults.md
#   make soak      faults at random, for MINUTES=60
#   make powercut  cut the power of PostgreSQL and Kafka, RUNS=20 times; needs root and loop devices
#   make bench     measure beside the peers, and keep it   make bench ONLY=P5 RUNS=3
#   make bench-smoke   the same in small: whether it runs and is correct
#   make lint      everything that is checked without running it
#   make schemas   write schemas/ anew, from the models
#   make docs      write the generated parts of docs/ anew
#   make lock      write requirements/*.txt anew

SHELL := /bin/sh
.SHELLFLAGS := -euc
MAKEFLAGS += --warn-undefined-variables --no-print-directory
.DEFAULT_GOAL := help

PYTHON ?= python3
ARGS ?=
ONLY ?=
RUNS ?=
MINUTES ?=
BIN := .venv/bin
UV := $(or $(shell command -v uv 2>/dev/null),$(BIN)/uv)
INSTALL := $(UV) pip install --quiet --python $(BIN)/python

.PHONY: help up demo setup test chaos soak powercut bench bench-smoke lint schemas docs lock system

help:
	@sed -n '/^#   make/s/^#   //p' Makefile

up: setup
	@exec $(BIN)/responder up $(ARGS)

demo: setup
	@exec $(BIN)/responder demo $(ARGS)

setup: .venv/.run-is-there

test: .venv/.dev-is-there system
	@exec $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

# Each keeps what came of its tests in one file, beside what the others kept, and writes the tables
# anew from all of it; also where something failed.
FAULTS := $(BIN)/python -m pytest --fault-report docs/reference/faults.json --faults

chaos: .venv/.dev-is-there system
	@failed=0; $(FAULTS) chaos -n auto --dist loadfile $(ARGS) || failed=$$?; \
	$(BIN)/python -m docs.generate reference; exit $$failed

soak: .venv/.dev-is-there system
	@failed=0; $(FAULTS) soak $(MINUTES:%=--minutes %) $(ARGS) || failed=$$?; \
	$(BIN)/python -m docs.generate reference; exit $$failed

powercut: .venv/.dev-is-there system
	@failed=0; $(FAULTS) powercut $(RUNS:%=--runs %) $(ARGS) || failed=$$?; \
	$(BIN)/python -m docs.generate reference; exit $$failed

bench: .venv/.dev-is-there system
	@exec $(BIN)/python -m bench $(ONLY:%=--only %) $(RUNS:%=--runs %)

bench-smoke: .venv/.dev-is-there system
	@exec $(BIN)/python -m bench --smoke $(ONLY:%=--only %)

lint: .venv/.dev-is-there
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/deptry responder
	$(BIN)/codespell
	$(BIN)/djlint --lint --quiet responder/web
	$(BIN)/yamllint --strict .
	$(BIN)/hadolint Dockerfile
	$(BIN)/python -m pytest -q tests/architecture tests/docs

schemas: .venv/.dev-is-there
	$(BIN)/python -m docs.generate schemas

docs: .venv/.dev-is-there
	$(BIN)/python -m docs.generate reference

# --- what must be there first ----------------------------------------------------------------------

# Each file stands for a set that is installed; it is made last, so that a stop in the middle counts
# for nothing.
.venv/.run-is-there: requirements/run.txt requirements/build.txt pyproject.toml | .venv/.uv-is-there
	@echo "Installing Responder into .venv …"
	@$(INSTALL) --require-hashes -r requirements/run.txt -r requirements/build.txt
	@$(INSTALL) --no-build-isolation --no-deps --editable .
	@touch $@

.venv/.dev-is-there: requirements/dev.txt requirements/build.txt pyproject.toml | .venv/.uv-is-there
	@echo "Installing what tests and checks need into .venv …"
	@$(INSTALL) --require-hashes -r requirements/dev.txt -r requirements/build.txt
	@$(INSTALL) --no-build-isolation --no-deps --editable .
	@touch $@ .venv/.run-is-there

.venv/.uv-is-there:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Responder needs Python 3.11 or later, and $(PYTHON) is older or not there."; \
	  echo "Install one and name it: make $(MAKECMDGOALS) PYTHON=python3.13"; exit 1; }
	@if test "$(UV)" != "$(BIN)/uv"; then \
	  test -x $(BIN)/python || $(UV) venv --quiet --python "$(PYTHON)" .venv; \
	else \
	  $(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv || { \
	    rm -rf .venv; \
	    echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu this mends it:"; \
	    echo "    apt-get install python3-venv"; \
	    echo "Or install uv, which needs nothing else."; exit 1; }; \
	  $(BIN)/python -m pip install --quiet --require-hashes -r requirements/uv.txt; \
	fi
	@touch $@

# Java and Maven for a real Apache Kafka and the benchmark's peer in Java, Chromium for the console, faketime for clocks that are
# set, Prometheus (without its service: a test starts its own) and promtool for the alerts: installed on Debian as root, named
# otherwise. Tests that miss one say so.
system:
	@missing=""; \
	command -v javac >/dev/null || missing="$$missing default-jdk-headless"; \
	command -v mvn >/dev/null || missing="$$missing maven"; \
	command -v chromium >/dev/null || missing="$$missing chromium"; \
	command -v curl >/dev/null || missing="$$missing curl"; \
	command -v openssl >/dev/null || missing="$$missing openssl"; \
	command -v faketime >/dev/null || missing="$$missing faketime"; \
	command -v promtool >/dev/null || missing="$$missing prometheus"; \
	if test -z "$$missing"; then :; \
	elif test "$$(id -u)" = 0 && command -v apt-get >/dev/null; then \
	  echo "Installing$$missing …"; \
	  apt-get update -qq; \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	    -o Dpkg::Options::=--path-exclude=/etc/init.d/prometheus \
	    -o Dpkg::Options::=--path-exclude=/lib/systemd/system/prometheus.service $$missing; \
	else \
	  echo "Not installed, so their tests are skipped:$$missing"; \
	fi

LOCK := $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 \
  --custom-compile-command "make lock"

lock: | .venv/.uv-is-there
	$(LOCK) pyproject.toml --extra embedded -o requirements/run.txt
	$(LOCK) pyproject.toml --extra embedded --extra testing --group dev -o requirements/dev.txt
	$(LOCK) requirements/build.in -o requirements/build.txt
	$(LOCK) requirements/uv.in -o requirements/uv.txt
