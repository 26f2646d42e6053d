# Thin names for commands that README and docs also show.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: setup serve lint test test-deep docs bench bench-peers specs generators browser clean

setup: .venv/.ready

.venv/.serves: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) hatchling editables
	$(PIP) --no-build-isolation -e .
	touch $@

.venv/.ready: .venv/.serves
	$(PIP) --no-build-isolation -e '.[contract,tls,dev]'
	touch $@

serve: .venv/.serves
	$(BIN)/understudy serve $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: setup
	$(BIN)/python tests/gate.py

test-deep: lint
	$(BIN)/python tests/gate.py --deep

docs: setup
	$(BIN)/python tests/docs/generate.py

bench: setup
	$(BIN)/python -m benchmarks $(ARGS)

bench-peers: setup
	$(BIN)/python -m benchmarks.peers $(ARGS)

specs: setup
	$(BIN)/python -m benchmarks.specs $(DIR) $(ARGS)

generators: setup
	$(BIN)/python -m benchmarks.generators $(ARGS)

browser: setup
	$(BIN)/python tests/recording/witnesses/make.py

clean:
	rm -rf .venv build dist .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis .generators
