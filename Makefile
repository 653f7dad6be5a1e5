# The one door: `make help` lists what there is.
PYTHON ?= python3
ARGS ?=
PYTEST_ARGS ?=
SOURCES := services contracts infra tests $(wildcard sql)

export PYTHON
.DEFAULT_GOAL := help
.PHONY: help setup run test check up down clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

setup: ## make .venv with the locked packages (run and test do it themselves)
	@infra/setup.sh

run: setup ## start everything on embedded parts; on a terminal, talk to the shop (ARGS="--no-chat")
	@.venv/bin/aprendiz db upgrade
	@.venv/bin/aprendiz run all $(ARGS)

test: setup ## run every test, on real RabbitMQ and MariaDB (PYTEST_ARGS="-k words")
	@.venv/bin/python -m infra.servers install
	@.venv/bin/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

check: setup ## lint, formatting and types
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy $(SOURCES)

up: ## start the services as separate processes on RabbitMQ and a database (Docker, or private servers)
	@if docker info >/dev/null 2>&1; then \
		docker compose -f infra/compose.yaml up --detach --build --wait; \
	else \
		infra/setup.sh && .venv/bin/python -m infra.servers up --services; \
	fi

down: ## stop what `up` started; what it stored stays
	@if docker info >/dev/null 2>&1; then docker compose -f infra/compose.yaml down; fi
	@if [ -d .local-servers ]; then .venv/bin/python -m infra.servers down; fi

clean: ## remove caches and build products; data (.aprendiz, .local-servers, model_artifacts) stays
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
	@echo "Removed caches and build products. .venv and your data stay."
