# The few commands a developer needs. Everything runs in .venv; nothing else is touched.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
SOURCES := src tests benchmarks examples
BESIDE := $(patsubst tests/consumers/beside/%.txt,$(VENV)/consumers/%,$(wildcard tests/consumers/beside/*.txt))
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
CORES ?= $(shell nproc 2>/dev/null || echo 2)

.DEFAULT_GOAL := help
.PHONY: help demo test environment lint types imports tests coverage torture format bench clean

help:  ## Say what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 14

demo: $(BIN)/tuneport  ## Install, write the sample database, export it, and say where the result is
	@rm -rf demo
	@$(BIN)/tuneport demo --to demo --quiet
	@$(BIN)/tuneport export demo/faq.toml
	@echo "      . $(BIN)/activate   (then: tuneport --help)"

test:  ## Install, and run every check
	@$(MAKE) --no-print-directory STEP=environment timed
	@$(MAKE) --no-print-directory STEP=lint timed
	@$(MAKE) --no-print-directory STEP=types timed
	@$(MAKE) --no-print-directory STEP=imports timed
	@$(MAKE) --no-print-directory STEP=tests timed

.PHONY: timed
timed:
	@start=$$(date +%s); $(MAKE) --no-print-directory $(STEP) && echo "$(STEP): $$(( $$(date +%s) - start )) s"

environment: $(BIN)/.tools $(BESIDE)

$(BIN)/tuneport: pyproject.toml constraints.txt
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) -c constraints.txt -e .
	@touch $@

$(BIN)/.tools: $(BIN)/tuneport requirements-dev.txt
	@$(PIP) -c constraints.txt -r requirements-dev.txt
	@touch $@

# Other versions of what reads our rows, each in a folder of its own that a test puts first on the path of a child.
$(VENV)/consumers/%: tests/consumers/beside/%.txt $(BIN)/.tools
	@rm -rf $@
	@$(PIP) --no-deps --target $@ -r $<
	@touch $@

lint: $(BIN)/.tools  ## ruff
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check --quiet $(SOURCES)

types: $(BIN)/.tools  ## mypy --strict
	@$(BIN)/mypy

imports: $(BIN)/.tools  ## who may import whom
	@$(BIN)/lint-imports --no-cache

PYTEST := -m pytest -n $(CORES) --dist loadfile --no-loadscope-reorder

tests: environment  ## pytest
	@$(BIN)/python $(PYTEST)

# Rooms that run whole exports, often hundreds, in processes of their own, are left out: measured, they take three times as
# long. Where sys.path has changed, coverage forgets modules that other threads import meanwhile.
coverage: environment  ## Branch coverage of the host's and the plugins' own tests
	@$(BIN)/coverage erase
	@$(BIN)/coverage run $(PYTEST) tests/host tests/plugins --ignore tests/host/plugin_manager/test_threads.py
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

TORTURE := TUNEPORT_KILL_EVERY=1 TUNEPORT_KILLS=1000 TUNEPORT_STRACE=1 TUNEPORT_POWER_CUTS=5000 TUNEPORT_FAULT_EVERY=1 \
	TUNEPORT_FAULT_FLIPS=400 TUNEPORT_DAMAGES=5000 TUNEPORT_STOPS=400 TUNEPORT_WRITERS=60 TUNEPORT_FUZZ=10000000 TUNEPORT_EXAMPLES=1000

torture: environment  ## Kill, starve, unplug and feed rubbish to runs, as often as guarantees want it
	@$(TORTURE) $(BIN)/python -m pytest -n $(CORES) --dist load tests/faults tests/host/test_ledger.py tests/plugins/sources/test_sqlite_damaged.py

format: $(BIN)/.tools  ## Put the code into its format
	@$(BIN)/ruff check --fix $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

# What tuneport races against stands in an environment of its own, with tuneport.
BENCH := $(VENV)/bench

$(BENCH)/bin/tuneport: pyproject.toml constraints.txt benchmarks/requirements.txt benchmarks/constraints.txt
	@$(PYTHON) -m venv $(BENCH)
	@$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -c benchmarks/constraints.txt \
		-r benchmarks/requirements.txt -e .
	@touch $@

bench: $(BENCH)/bin/tuneport  ## Measure all we claim, beside our peers, in an hour or more; DO="race --records 100000" for less
	@$(BENCH)/bin/python -m benchmarks $(DO)

clean:  ## Remove what was made here
	@rm -rf $(VENV) demo build dist .coverage* .*_cache .hypothesis
