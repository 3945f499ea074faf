# SPDX-License-Identifier: MIT
# The verbs of the lab. `make help` lists them; `make run` is the main job.

SHELL := /bin/bash
.DEFAULT_GOAL := help

BUILD := c/build
# Another market data file; the shipped sample is made by t2t-feedgen.
FEED := $(BUILD)/sample.csv.gz
# As many lines as a few minutes of a busy market.
BENCH_FEED := $(BUILD)/bench.csv.gz
ARMS := block spin
# So many; without a number at most 40, until each arm is faster or slower.
BLOCKS :=
# Another end of it, as t2t-run --until takes it: equivalent:3%,60.
UNTIL :=
# each, best or none: t2t-run --verdict.
VERDICT :=
PACE := rate:20000
# Of the order of the arms; 0: drawn, and recorded.
SEED := 0
RESULT := results/$(shell date +%Y%m%d-%H%M%S)-$$$$

# What is missing is installed; nothing is assumed to be there but apt.
PACKAGES_BUILD := gcc make pkg-config libc6-dev git ca-certificates \
	zlib1g-dev libpcap-dev libjansson-dev \
	liburing-dev libxdp-dev libbpf-dev liblwip-dev libgsl-dev libssl-dev \
	libibverbs-dev librdmacm-dev
PACKAGES_RUN := iproute2 coreutils
# 28 MB and some 240 packages, each of DPDK's libraries being one: who only
# builds and runs does without.
dpdk := libdpdk-dev
# What the tests are built of.
PACKAGES_TEST_BUILD := libcmocka-dev g++ libquickfix-dev $(dpdk)
PACKAGES_TEST := $(PACKAGES_TEST_BUILD) \
	clang clang-format clang-tidy libclang-rt-dev lld llvm \
	shellcheck groff-base tshark wireshark-common tcpdump python3 procps \
	util-linux binutils python3-websockets node-ws openssl gnutls-bin
PACKAGES_BENCH_BUILD = g++ libwslay-dev $(boost)
PACKAGES_BENCH_RUN := sockperf strace time gzip valgrind
# Boost.Asio has io_uring from 1.78 on: the default, unless it is older (Debian
# 12). Asked for when it is installed, not before.
boost = $(shell dpkg --compare-versions \
	"$$(apt-cache policy libboost-dev | sed -n 's/.*Candidate: //p')" \
	lt-nl 1.78 2>/dev/null && echo libboost1.81-dev || echo libboost-dev)
comma := ,
# RESULT has a default, for what a run makes; a report needs one that is there.
REPORTED := $(if $(filter command line environment,$(origin RESULT)),$(RESULT))
# The lab proper: two guests under libvirt, made and measured by Ansible.
# Its image is made by these.
PACKAGES_IMAGE := mmdebstrap debian-archive-keyring qemu-utils jq util-linux
PACKAGES_LAB := $(PACKAGES_IMAGE) ansible libvirt-daemon-system libvirt-clients \
	qemu-system-x86 cloud-image-utils python3-libvirt python3-lxml \
	python3-jsonschema openssh-client rsync bsdutils ethtool iproute2
PACKAGES_LAB_TEST := ansible-lint libxml2-utils sudo zstd lz4
# A guest's kernel, looked at from outside: domains/debug.
PACKAGES_DEBUG := gdb binutils zstd lz4

# local, lab or metal; and the lab's settings: SET='domain_nic_model=e1000e'.
INVENTORY := lab
ifeq ($(wildcard inventory/$(INVENTORY)/hosts.yml),)
$(error INVENTORY=$(INVENTORY): there is none in inventory/; there are: \
	$(notdir $(wildcard inventory/*)))
endif
SET :=
# More of the image: KERNEL=rt, KERNEL=path/to/bzImage; IMAGE=disk.qcow2 is
# yours, IMAGE=stock Debian's again; packages from MIRROR=URL; FORCE=1 makes it
# again, CHECK=1 only looks whether it is damaged.
KERNEL :=
IMAGE :=
MIRROR :=
FORCE :=
CHECK :=
# What SET says of the image: SET='image_tools=trace', which is images/tools-trace.
image_tools = $(subst $(comma), ,$(patsubst image_tools=%,%,\
	$(filter image_tools=%,$(SET))))
# An experiment, its plan alone, or the folder of one that was cut off.
NAME :=
DRY_RUN :=
RESUME :=
# For console, ssh, debug and crash.
GUEST := trader
# Symbols of the guest's kernel that are there; its sources, too, by SOURCE=1.
VMLINUX :=
SOURCE :=
# One word for the shell, whatever is in it.
quote = '$(subst ','\'',$(1))'
# A relative one is meant from here, and the playbooks run elsewhere.
override LAB_FOLDER := $(shell realpath -ms -- \
	$(call quote,$(or $(LAB_FOLDER),ansible/build/lab)))
export LAB_FOLDER
# Messages and numbers are the same for each user, and Ansible insists on UTF-8:
# each machine has this one.
override LC_ALL := C.UTF-8
export LC_ALL
unexport LANGUAGE
# An ordinary user's has no ip, tc or ethtool.
override PATH := $(PATH):/usr/local/sbin:/usr/sbin:/sbin
export PATH
# Ansible's settings are the lab's, not what a user has for other work; from a
# folder that others may write in it would not take them otherwise.
unexport $(filter ANSIBLE_%,$(.VARIABLES))
export ANSIBLE_CONFIG := $(CURDIR)/ansible/ansible.cfg
# Nor where a user's shell looks first, or Python: there are others of our names.
unexport BASH_ENV CDPATH PYTHONHOME PYTHONPATH
# WAIT=1: for whoever changes the lab, instead of being refused.
WAIT :=
export LAB_WAIT := $(if $(WAIT),1,0)
# Nothing is left between the sources.
export PYTHONDONTWRITEBYTECODE := 1
# Ansible has no terminal to ask on when it comes to sudo: it asks before. That
# sudo was told a moment ago does not help it (-k).
become = $(if $(sudo),$(shell $(sudo) -kn true 2>/dev/null || \
	echo --ask-become-pass))
# PASSWORD=1: it is sudo on machines of yours that wants one.
PASSWORD :=
playbook = cd ansible && ansible-playbook -i ../inventory/$(INVENTORY) \
	$(if $(PASSWORD),--ask-become-pass,$(become)) \
	$(if $(strip $(SET)),-e $(call quote,$(SET)))

sudo := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
jobs := $(shell nproc)

# $(call install,packages): quiet and quick when all are there.
define install
	@missing=; for package in $(1); do \
		dpkg-query -W -f '$${Status}' $$package 2>/dev/null | \
			grep -q 'ok installed' || missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
		echo "installing:$$missing"; \
		$(sudo) apt-get update -q >/dev/null || \
			{ echo "make deps: apt-get update failed" >&2; exit 1; }; \
		for package in $$missing; do \
			apt-cache show $$package >/dev/null 2>&1 && echo $$package || \
				echo "make deps: no package $$package here: left out" >&2; \
		done | $(sudo) env DEBIAN_FRONTEND=noninteractive \
			xargs -r apt-get install -q -y \
			--no-install-recommends >/dev/null || \
			{ echo "make deps: apt-get install failed" >&2; exit 1; }; \
	fi
endef

help: ## list the verbs
	@echo 't2t-lab: what gets an order out sooner after the market data that calls for it?'
	@echo
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20
	@echo
	@echo 'make run takes FEED=file.csv.gz ARMS="block spin" BLOCKS=8 or UNTIL=equivalent:3% VERDICT=best PACE=rate:20000 SEED=0;'
	@echo 'up, experiment and status take INVENTORY=lab SET="domain_nic_model=e1000e exchange_place=host";'
	@echo 'make bench takes FEED=file.csv.gz, and makes a feed of its own without it'

deps: ## install what building and running need
	$(call install,$(PACKAGES_BUILD) $(PACKAGES_RUN))

deps-test: deps
	$(call install,$(PACKAGES_TEST))

deps-lab: deps
	$(call install,$(PACKAGES_LAB))

deps-debug: deps-lab
	$(call install,$(PACKAGES_DEBUG))

deps-bench: deps
	$(call install,$(PACKAGES_BENCH_BUILD) $(PACKAGES_BENCH_RUN))

build: deps ## build the programs into c/build
	@$(MAKE) --no-print-directory -s -C c -j$(jobs)

# The sample: a million bytes of market data, the same everywhere.
$(BUILD)/sample.csv.gz: build
	@[ -e $@ ] || $(BUILD)/t2t-feedgen --quiet --bytes 1000000 --seed 1 \
		--triggers 0.01 --output $@ >/dev/null

# A third of a second of it, with as many triggers: what differs between two
# trials is more than what differs within one, so that short ones say more.
$(BUILD)/short.csv.gz: build
	@[ -e $@ ] || $(BUILD)/t2t-feedgen --quiet --bytes 250000 --seed 1 \
		--triggers 0.04 --output $@ >/dev/null

# How a campaign of so many blocks, or until something, is asked for.
campaign = --feed '$(FEED)' --blocks $(or $(BLOCKS),$(1)) \
	$(addprefix --until ,$(or $(UNTIL),$(if $(BLOCKS),,$(2)))) \
	$(addprefix --verdict ,$(VERDICT)) \
	--pace $(PACE) --seed $(SEED) --output $(RESULT)

# One arm alone is never decided.
run: private FEED := $(BUILD)/short.csv.gz
run: build $(BUILD)/short.csv.gz ## the main job: block against spin, in two namespaces, no VM
	@mkdir -p results
	@$(sudo) $(BUILD)/t2t-run --arms '$(ARMS)' \
		$(if $(word 2,$(ARMS)),$(call campaign,40,decided),$(call campaign,8))

# Two revisions, or trees: code against code, until the difference is known.
A :=
B :=
A_CFLAGS :=
B_CFLAGS :=
ARM := spin
compare: private FEED := $(BUILD)/short.csv.gz
compare: build $(BUILD)/short.csv.gz ## the trader of A=REV against that of B=REV or B=path:FOLDER; A_CFLAGS, B_CFLAGS, ARM=spin
	@[ -n '$(A)' ] && [ -n '$(B)' ] || \
		{ echo 'make compare: A=REVISION B=REVISION, or path:FOLDER' >&2; exit 1; }
	@mkdir -p results
	@A_CFLAGS=$(call quote,$(A_CFLAGS)) B_CFLAGS=$(call quote,$(B_CFLAGS)) \
		ARM=$(call quote,$(ARM)) SUDO='$(sudo)' c/compare-builds $(BUILD) \
		$(call quote,$(A)) $(call quote,$(B)) \
		$(call campaign,200,equivalent:5%)

# Seconds of measuring; a number of rounds instead, such as 1 for a look.
SECONDS := 600
ROUNDS :=
TABLES := results/tables-$(shell date +%Y%m%d-%H%M%S)
tables: build $(BUILD)/short.csv.gz ## every connection type beside what is claimed of it; SECONDS=600, or RESUME=folder
	@mkdir -p results
	@result=$(call quote,$(or $(RESUME),$(TABLES))); \
	$(sudo) $(BUILD)/t2t-tables --output "$$result" --feed $(BUILD)/short.csv.gz \
		--seconds $(SECONDS) $(addprefix --rounds ,$(ROUNDS)) \
		$(addprefix --blocks ,$(BLOCKS)) $(if $(RESUME),--resume) && \
	$(BUILD)/t2t-report "$$result" --html "$$result/report.html" \
		--markdown "$$result/tables.md" --files "$$result" && \
	echo "tables     $$result/report.html, tables.md, summary.json"

WANT := order entry, same rack, p99 under 100 us
advise: build ## a connection type for WANT='order entry, same rack, p99 under 20 us, encrypted', of RESULT or the newest make tables
	@$(BUILD)/t2t-report $(if $(REPORTED),$(call quote,$(REPORTED))) --advise $(call quote,$(WANT))

# Those without a result that need no guest; ten minutes, if it is all of them.
checklist: build ## ten known measures, each on against off: results' verdicts in one table; RUN=1 measures what is missing and can run here
	@mkdir -p results
	@for name in $(if $(RUN),$$($(BUILD)/t2t-report --checklist results --json | \
		/usr/bin/python3 -c 'import json, sys; print(*(one["experiment"] \
			for one in json.load(sys.stdin)["items"] \
			if one["local"] and (not one["verdict"] or \
				one["call"] == "too few blocks")))')); do \
		$(MAKE) --no-print-directory experiment NAME=$$name INVENTORY=local || exit 1; \
	done
	@$(BUILD)/t2t-report --checklist results --markdown results/checklist.md && \
	echo 'checklist  results/checklist.md'

verify: ## the orders of RESULT=folder judged once more, by a second oracle in Python; FEED=file
	@[ -n '$(REPORTED)' ] || { echo 'make verify: RESULT=FOLDER' >&2; exit 1; }
	@python3 -B c/verify/verify.py $(call quote,$(REPORTED)) \
		$(if $(filter command line,$(origin FEED)),--feed $(call quote,$(FEED)))

report: build ## the report of RESULT=folder anew from its raw files; COMPARE=a,b sets two side by side
	@result='$(or $(firstword $(subst $(comma), ,$(COMPARE))),$(REPORTED))'; \
	[ -n "$$result" ] || { echo 'make report: RESULT=FOLDER or COMPARE=A,B' >&2; exit 1; }; \
	$(BUILD)/t2t-report "$$result" --html "$$result/report.html" --files "$$result" \
		$(if $(COMPARE),--compare '$(word 2,$(subst $(comma), ,$(COMPARE)))') && \
	echo "report     $$result/report.html"

# A folder with results, as they are kept.
RESULTS := results
history: build ## what changed over all results in RESULTS=results, by machine and load, and since when
	@$(BUILD)/t2t-report $(call quote,$(RESULTS)) --history \
		--html $(call quote,$(RESULTS)/history.html) && \
	printf 'history    %s\n' $(call quote,$(RESULTS)/history.html)

# Of trials of an eighth of a second: blocks are what is needed, not orders.
$(BUILD)/shortest.csv.gz: build
	@[ -e $@ ] || $(BUILD)/t2t-feedgen --quiet --bytes 90000 --seed 1 \
		--triggers 0.1 --output $@ >/dev/null

# What is there is not run again.
POWER :=
COUNT :=
LIMIT :=
power: private FEED := $(BUILD)/shortest.csv.gz
power: build $(BUILD)/shortest.csv.gz ## how small a slow-down the lab finds, and how often it errs; POWER='aa slow5 slow1us equal curve busy' COUNT=20, in parts
	@mkdir -p results
	@$(sudo) env $(foreach name,POWER COUNT LIMIT ARM PACE,$(name)=$(call quote,$($(name)))) \
		python3 -B c/tests/bench/power.py $(BUILD) $(call quote,$(FEED)) \
		$(or $(OUTPUT),results/power)
	@$(sudo) $(BUILD)/t2t-report $(or $(OUTPUT),results/power) \
		--html $(or $(OUTPUT),results/power)/report.html

# sudo takes proxies out of the environment.
proxies = $(foreach name,http_proxy https_proxy no_proxy,\
	$(if $($(name)),$(name)=$(call quoted,$($(name)))))
quoted = '$(subst ','\'',$(1))'

image: deps-lab ## the guest image from Debian packages; KERNEL=rt adds one, IMAGE=file takes yours, FORCE=1
	@$(sudo) env $(proxies) images/make-image $(KERNEL:%=--kernel '%') \
		$(if $(IMAGE),--image $(call quoted,$(IMAGE))) \
		$(foreach tools,$(image_tools),--tools $(call quoted,$(tools))) \
		$(if $(MIRROR),--mirror $(call quoted,$(MIRROR))) \
		$(if $(FORCE),--force) $(if $(CHECK),--check)

doctor: ## what the lab, or INVENTORY=metal, needs, what is there, and what mends it; changes nothing
	@command -v ansible-playbook >/dev/null || \
		{ echo "make doctor: no Ansible here: run 'make deps-lab'" >&2; exit 1; }
	@LAB_QUIET=1; export LAB_QUIET; $(playbook) doctor.yml

up: deps-lab build image ## the lab: two guests, running and provisioned
	@$(playbook) up.yml

status: ## what of the lab is there; JSON=1 for programs
	@LAB_QUIET=1; export LAB_QUIET; $(playbook) status.yml $(if $(JSON),-e status_output=json)

# Of the shell: $$domain is that of GUEST, which make up wrote down.
find_domain = domain=$$(awk -v guest=$(call quote,$(GUEST)) '$$1 == "Host" && \
		($$2 == guest || $$3 == guest) { print $$NF }' \
		$(call quote,$(LAB_FOLDER)/ssh_config) 2>/dev/null); \
	[ -n "$$domain" ] || { echo "make $@: no guest" \
		$(call quote,$(GUEST)) "in the lab in $$LAB_FOLDER" >&2; exit 1; }

console: ## a shell on the console of GUEST=trader; ^] leaves
	@$(find_domain); $(sudo) virsh -c qemu:///system console --domain "$$domain"

debugger = $(sudo) env $(proxies) /usr/bin/python3 -B domains/debug
debugged = --domain "$$domain" --lab $(call quote,$(LAB_FOLDER)) \
	$(if $(VMLINUX),--vmlinux $(call quote,$(VMLINUX))) \
	$(if $(MIRROR),--mirror $(call quote,$(MIRROR))) $(if $(SOURCE),--source)

debug: deps-debug ## gdb on the kernel of GUEST=trader, with its symbols; RUN=file of gdb's commands, SOURCE=1
	@$(find_domain); $(debugger) gdb $(debugged) \
		$(if $(RUN),--run $(call quote,$(RUN)))

crash: deps-debug ## the memory of GUEST=trader into RESULT, for crash or drgn
	@$(find_domain); $(debugger) dump $(debugged) \
		--output $(call quote,$(or $(REPORTED),results/crash-$(shell date +%Y%m%d-%H%M%S)))

ssh: ## a shell in GUEST=trader over SSH; RUN='command' runs that
	@ssh -F $(call quote,$(LAB_FOLDER)/ssh_config) $(call quote,$(GUEST)) \
		$(if $(RUN),$(call quote,$(RUN)))

experiments: build ## list the experiments, with a line each
	@/usr/bin/python3 -c 'import jsonschema, yaml' 2>/dev/null || { \
		echo "make experiments: /usr/bin/python3 lacks its module yaml or" \
		"jsonschema: run 'make deps-lab'" >&2; exit 1; }
	@/usr/bin/python3 ansible/module_utils/experiment list ansible/experiments

experiment: build $(BUILD)/sample.csv.gz ## run NAME=busy-poll on INVENTORY=lab, local or metal; no NAME: the main job once
	@$(playbook) experiment.yml $(if $(NAME),-e experiment='$(NAME)') \
		$(if $(DRY_RUN),-e dry_run=true) \
		$(if $(RESUME),-e experiment_resume=true -e experiment_output='$(abspath $(RESUME))')

# Settings are the experiment's, too; the cells' stand in inventory/fleet.
fleet: export FLEET_SET := $(SET)
fleet: build ## NAME=busy-poll, or make run's job, on each hypervisor of inventory/fleet, and all merged
	@cd ansible && ansible-playbook -i ../inventory/fleet fleet.yml \
		-e fleet_name='$(NAME)' $(if $(NAME),,$(fleet_arguments)) \
		$(if $(strip $(SET)),-e $(call quote,$(SET)))
fleet_arguments = -e '{"fleet_place": "local", "fleet_arguments": {"ARMS": "$(ARMS)", \
	"BLOCKS": "$(or $(BLOCKS),8)", "PACE": "$(PACE)"}}'

restore: ## put back knobs that an experiment left turned when it was killed
	@$(playbook) restore.yml

teardown: ## the machine as it was before make up
	@cd ansible && ansible-playbook -i localhost, $(become) teardown.yml

# A new machine makes the guest image and builds while it installs the rest: what
# takes longest of all, lab/life, begins with the image. It is not waited for here;
# the tests that want one wait, or make it and say why it can't be made.
test: ## all tests; TEST=network/trader one, CASE='*signal*' REPEAT=20
	$(call install,$(PACKAGES_IMAGE))
	@$(if $(TEST),:,[ -e images/build/manifest.json ] || $(sudo:%=% -n) \
		env $(proxies) images/make-image </dev/null >/dev/null 2>&1 &)
	$(call install,$(PACKAGES_BUILD) $(PACKAGES_RUN) \
		$(PACKAGES_TEST_BUILD) $(PACKAGES_BENCH_BUILD))
	@$(MAKE) --no-print-directory -s -j$$(($(jobs) + 1)) deps-test-rest \
		$(if $(TEST),,tests-built)
	@$(MAKE) --no-print-directory -s -C c test
tests-built:
	@$(MAKE) --no-print-directory -s -C c WERROR=-Werror tests-built
deps-lab-test:
	$(call install,$(PACKAGES_LAB) $(PACKAGES_LAB_TEST))
deps-test-rest: deps-lab-test
	$(call install,$(PACKAGES_TEST) $(PACKAGES_BENCH_RUN))

quick: deps-test deps-lab-test ## lint, unit, Python and short network tests, in two minutes
	@$(MAKE) --no-print-directory -s -C c -j$(jobs) quick

test-real: deps-test ## the real file of T2T_DATA on every receive path, by the oracle
	@$(MAKE) --no-print-directory -s -C c -j$(jobs) test-real

mutants: deps-test ## do the tests notice? faults put in one by one; MUTANT=name one
	@$(MAKE) --no-print-directory -s -C c mutants MUTANT='$(MUTANT)'

simulate: deps-test ## sessions on simulated time, each of its SEED; SEEDS=1000 from there on
	@$(MAKE) --no-print-directory -s -C c -j$(jobs) simulate

fuzz: deps-test ## every decoder for FUZZ_SECONDS=60, and a million simulated sessions
	@$(MAKE) --no-print-directory -s -C c -j$(jobs) fuzz

coverage: deps-test ## which lines the tests run, and a page of it in c/build/coverage
	@$(MAKE) --no-print-directory -s -C c coverage

bench: build deps-bench ## every speed claim, measured beside what it is held against
	@$(MAKE) --no-print-directory -s -C c benches
	@[ -e $(BENCH_FEED) ] || $(BUILD)/t2t-feedgen --quiet --seed 1 \
		--bytes 16000000 --triggers 0.001 --output $(BENCH_FEED) >/dev/null
	@$(sudo) $(BUILD)/tests/bench/bench --programs $(BUILD) \
		--feed '$(or $(filter-out $(BUILD)/sample.csv.gz,$(FEED)),$(BENCH_FEED))'

probe: build ## what this machine can run, and why not
	@$(sudo) $(BUILD)/t2t-probe

lint: deps-test ## layout, layers, scripts, licences
	@$(MAKE) --no-print-directory -s -C c lint

man: build ## write the man pages to c/build/man
	@$(MAKE) --no-print-directory -s -C c man

install: build ## programs, man pages, completion, a formatter's header; PREFIX=/usr/local DESTDIR=
	@$(MAKE) --no-print-directory -s -C c install

uninstall: ## take away what make install put there
	@$(MAKE) --no-print-directory -s -C c uninstall

clean: ## remove what was built; results stay
	@$(MAKE) --no-print-directory -s -C c clean

.PHONY: help deps deps-test deps-bench deps-lab deps-lab-test deps-debug build \
	run report power image doctor up status console debug crash ssh \
	experiment experiments fleet restore teardown test tests-built \
	deps-test-rest coverage \
	mutants simulate fuzz quick test-real bench probe lint man install \
	uninstall clean compare verify tables advise checklist history
