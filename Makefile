# The two commands of a new user are `make demo` and `make test`; both install what they need first.
# CONTRIBUTING.md says what each of the others is for.

SWIFT ?= swift
JOBS ?= $(shell nproc)

.PHONY: all setup build test lint full clean

all: build

# Debian packages, by name; a no-op when all are there.
setup:
	@./scripts/setup.sh

build: setup
	$(SWIFT) build -c release -j $(JOBS)

test: setup
	$(SWIFT) build --build-tests --explicit-target-dependency-import-check error -j $(JOBS)
	$(SWIFT) test --skip-build

lint:
	$(SWIFT) format lint --strict --recursive --parallel Sources Tests Package.swift
	@./scripts/check-cores.sh

clean:
	rm -rf .build .build-*
