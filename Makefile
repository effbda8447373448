# Two targets for a newcomer, each doing its own set-up: `make shards` and `make test`.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: shards test golden bench clean

# The environment is made again when the list of dependencies changes.
.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

shards: .venv/installed
	$(BIN)/hornbook export spellingbee:80000 simplespelling:200000 lettercounting:20000 --out output/midtrain
	$(BIN)/hornbook verify output/midtrain

test: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --numprocesses 2 --doctest-modules cli.py tasks generators tokenizer tests

# Conversations for people to read, written anew: look at the difference before it is committed.
golden: .venv/installed
	UPDATE_GOLDEN=1 $(BIN)/python -m pytest --quiet tests/test_golden.py

# NANOCHAT=path measures against nanochat's own tasks, from a checkout that has the commit 950a1dc^. Without
# it reasoning-gym is installed and compared with; where that fails, its lines of the table say so.
bench: .venv/installed
	$(if $(NANOCHAT),,-$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]')
	$(BIN)/python -m bench

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
