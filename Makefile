# Two commands set everything up: `make repro` runs the pipeline, `make test` runs what CI runs. Each makes .venv if it is not there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: repro test lint install clean
.DELETE_ON_ERROR:

repro: install
	$(BIN)/limi doctor
	PATH="$(CURDIR)/$(BIN):$$PATH" dvc repro
	$(BIN)/limi funnel

test: install
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pytest

lint: install
	$(BIN)/ruff check .
	$(BIN)/mypy

install: $(VENV)/installed

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f"Python 3.11 to 3.13 is needed, this is {sys.version.split()[0]}; say make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	touch $@

clean:
	rm -rf data metrics plots .limi curated/pool.jsonl curated/candidates.jsonl
