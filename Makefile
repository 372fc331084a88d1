# Weir's front door. Everything is installed and built as needed; `make help` lists the targets.
#
#   DUCKDB_ROOT=/path   build with your own DuckDB (libduckdb.so and duckdb.h)
#   PREFIX=/usr/local   where `make install` puts things, below DESTDIR when that is set

PREFIX ?= /usr/local
export DUCKDB_ROOT PREFIX DESTDIR

.PHONY: help demo test places nightly lint install build asan bench format clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## two weeks of city traffic, from delivered files to queried tables
	@scripts/demo

test: ## unit, end-to-end and crash tests, under sanitizers
	@scripts/test

places: ## the end-to-end and crash tests over a bucket, and over a bucket and PostgreSQL
	@scripts/places

nightly: ## what takes long: thousands of kills, a minute of stress, 500 random lakes
	@scripts/nightly

lint: ## format, house rules, and gcc and clang without a warning
	@scripts/lint

install: ## weir below PREFIX
	@scripts/install

build: ## the optimised binary: build/release/src/weir
	@scripts/build release

asan: ## the binary under sanitizers: build/test/src/weir
	@scripts/build test

bench: ## the measurements below bench/
	@scripts/bench

format: ## put the sources into the house format
	@scripts/format

clean: ## remove what was built; .deps, what was fetched, stays
	@rm -rf build
