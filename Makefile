# What a person types, and exactly what CI runs. `make help` lists the targets.
VENV ?= .venv
# Empty: the newest Python on the path that works.
PYTHON ?=
BIN := $(VENV)/bin
PORT ?= 8888
# Workers of the two pytest runs. Python tests mostly wait; browser tests compute.
WORKERS ?= 3
BROWSERS ?= 2
APPS ?= notebooks
NODE := $(BIN)/python scripts/node.py

.PHONY: help install install-dev run dev check test test-python test-front-end test-browser bench soak generate lock system clean

help:
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

system: ## system packages: the sandbox, and for tests a browser
	@sh scripts/system.sh

install: $(VENV)/.run ## an environment that runs Nexus (VENV=dir to choose where)

install-dev: $(VENV)/.dev ## an environment that also tests it

$(VENV)/bin/python:
	@sh scripts/make_venv.sh "$(VENV)" "$(PYTHON)"

$(VENV)/.run: requirements/run.txt pyproject.toml hatch_build.py labextension/package-lock.json | $(VENV)/bin/python
	@sh scripts/system.sh sandbox
	@sh scripts/install.sh "$(VENV)" requirements/run.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml hatch_build.py labextension/package-lock.json | $(VENV)/bin/python
	@sh scripts/system.sh sandbox browser
	@sh scripts/install.sh "$(VENV)" requirements/dev.txt
	@touch $@ $(VENV)/.run

run: $(VENV)/.run ## JupyterLab with Nexus on notebooks/ (APPS=dir, PORT=n)
	@sh scripts/run.sh "$(VENV)" "$(APPS)" "$(PORT)"

dev: $(VENV)/.dev ## rebuild the front end at each change
	$(NODE) npm run watch

check: $(VENV)/.dev ## style, types, layers, generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m nexus_jupyter.schemas --check
	$(BIN)/python scripts/check_tree.py
	$(NODE) npm run lint
	$(NODE) npm run format:check

test: test-python test-front-end test-browser ## everything CI runs

test-python: $(VENV)/.dev
	$(BIN)/python -m pytest tests -n $(WORKERS) --dist loadfile

test-front-end: $(VENV)/.dev
	$(NODE) npm test

test-browser: $(VENV)/.dev
	$(BIN)/python -m pytest ui-tests -n $(BROWSERS) --dist loadfile

bench: $(VENV)/.dev ## every figure in benchmarks/, into benchmarks/results.json
	$(BIN)/python -m benchmarks

soak: $(VENV)/.dev ## the long proofs in full; results go to soak/
	$(BIN)/python -m soak

generate: $(VENV)/.dev ## JSON schema, TypeScript and dataclasses from the records
	$(BIN)/python -m nexus_jupyter.schemas

lock: ## the hash-locked requirements, anew
	sh scripts/lock.sh "$(VENV)"

clean: ## what was built
	rm -rf nexus_jupyter/labextension nexus_jupyter/appview/static labextension/lib labextension/tsconfig.tsbuildinfo
