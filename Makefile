# Two commands set everything up: `make repro` runs the pipeline up to the dataset and its report (`dvc repro train` trains), `make test`
# runs what CI runs. Each makes .venv if it is not there.
PYTHON ?= python3
VENV := .venv
PROCESSES ?= 2
BIN := $(VENV)/bin
CONTRACT := tests/servers/contract
MODEL := tests/servers/model
STUDIO := $(VENV)/label-studio
MINI := $(VENV)/mini-swe-agent

.PHONY: repro test lint install clean
.DELETE_ON_ERROR:

repro: install
	$(BIN)/limi doctor
	PATH="$(CURDIR)/$(BIN):$$PATH" dvc repro build_dataset report_run
	$(BIN)/limi funnel

test: install $(CONTRACT)/node_modules/.package-lock.json $(MODEL)/node_modules/.package-lock.json $(STUDIO)/environment.made $(MINI)/environment.made \
		$(VENV)/recordings-read $(STUDIO)/sqlite.made $(STUDIO)/postgresql.made
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pytest --numprocesses $(PROCESSES)

lint: install
	$(BIN)/ruff check .
	$(BIN)/mypy

install: $(VENV)/installed

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f"Python 3.11 to 3.13 is needed, this is {sys.version.split()[0]}; say make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	touch $@

# contract: GitHub's own descriptions of its API, and Prism, which holds the tests' stand-in server to them; model: a server of the model API.
tests/servers/%/node_modules/.package-lock.json: tests/servers/%/package.json tests/servers/%/package-lock.json
	cd tests/servers/$* && npm ci --quiet --ignore-scripts --no-audit --no-fund
	touch $@

# Real exchanges with GitHub that PyGithub recorded; they come with its source.
$(VENV)/recordings-read: $(VENV)/installed
	$(BIN)/python -m tests.servers.contract.replay
	touch $@

# Label Studio in an environment of its own, 800 MB, so that a test run needs no network. Needs nothing of .venv/installed, so that with
# --jobs=2 both are made at once.
$(STUDIO)/environment.made: annotation/server/requirements.txt
	$(PYTHON) -m annotation.server $(STUDIO)
	touch $@

# The databases that the tests copy; a test that finds one missing or of another version makes it.
$(STUDIO)/%.made: $(STUDIO)/environment.made annotation/server/inside/limi_server.py tests/annotation/server/template.py
	$(PYTHON) -m tests.annotation.server.template $*
	touch $@

# mini-swe-agent in an environment of its own, 53 MB, so that a test run needs no network.
$(MINI)/environment.made: trajectories/collecting/requirements.txt $(VENV)/installed
	$(BIN)/python -m trajectories.collecting $(MINI)
	touch $@

clean:
	rm -rf data metrics model plots sft .limi curated/pool.jsonl curated/candidates.jsonl curated/choice.json curated/dataset reports
