# Thin names for commands that the README also shows.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup serve test test-deep bench lint clean

setup: .venv/.ready

.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt hatchling editables
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e '.[contract]' --group dev
	touch $@

serve: setup
	$(BIN)/understudy serve $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(BIN)/python tests/gate.py

test-deep: lint
	$(BIN)/python tests/gate.py --deep

bench: setup
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv build dist .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis
