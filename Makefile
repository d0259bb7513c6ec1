# Two commands: `make demo` and `make test`. Both install what is missing (as root, with apt-get), and say so.

.DEFAULT_GOAL := help
.PHONY: help demo test torture hazards bench lint lab lab-down

help:
	@echo 'make demo      build, and open the wizard on a sandbox that is safe to play with'
	@echo 'make test      build, and run every test, those in the lab last'
	@echo 'make torture   break things on purpose for up to an hour; make test does it for some minutes'
	@echo 'make hazards   rehearse every runbook in the lab with each of its hazards; make test tries some of them'
	@echo 'make bench     measure beside what a person would use instead'
	@echo 'make lint      format and lints alone'
	@echo 'make lab       bring the rehearsal lab up; make lab-down removes it'

demo:
	@scripts/bootstrap demo
	@echo 'building the program; the first time this takes a few minutes'
	@cargo run --locked --release --quiet -- demo

test:
	@scripts/test

torture:
	@scripts/bootstrap test
	@RUNSHEET_FAULTS=$${RUNSHEET_FAULTS:-torture} cargo test --locked --release \
		--test faults --test transport --test bad_input --test engine -- --nocapture \
		calls clients cuts failing fence flood injected kills links opening order restless room sim swaps table

hazards:
	@scripts/bootstrap test
	@RUNSHEET_LAB=1 RUNSHEET_HAZARDS=all cargo test --locked --test lab -- --nocapture --test-threads=1

bench:
	@scripts/bootstrap test
	@cargo build --locked --release
	@python3 benches/bench.py target/release/runsheet

lint:
	@cargo fmt --check
	@cargo clippy --locked --all-targets -- -D warnings

lab:
	@tests/lab/lab up

lab-down:
	@tests/lab/lab down
