# How the tests are built and run. Everything prints TAP, which tests/tally
# counts. A suite's options are in NAME_OPTIONS (HOOK_OPTIONS='--only PATTERN');
# those in Python take the same ones: tests/hook/run --help.

TALLY = BUILD=$(BUILD) SUITE=$@ tests/tally

unit_libs = $(lower) $(NETTLE) $(CMOCKA)

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(lower)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $< $(unit_more) $(unit_libs) $(LDFLAGS)

# These go through the transcripts' simulator.
sim_test := $(addprefix $(BUILD)/tests/unit/test_,scheme_toy driver driver_write)
sim_more := $(BUILD)/tests/engine/sim.o $(BUILD)/libauth407driver.a
$(sim_test:=.o): private LAYER := -Itests/engine
$(sim_test): $(sim_more)
$(sim_test): unit_more = $(sim_more)

.PHONY: unit check check-fast fast-programs check-programs
unit: $(unit_bin)
	$(Q)$(TALLY) $(unit_bin)

# check: all of it, one suite after the other whatever fails, and a table.
# check-fast: what needs no root, no proxy of others and no network, in less
# than two minutes.
suites := unit transcripts fuzz-replay structure cli-test doctor-test \
          exec-test digest-vs-curl ntlm-vs-others fetch-test hook startup sinks record \
          redaction completeness integration gss schemes doctor-proxies report-test \
          access-log report-html dropped stress
fast_suites := unit transcripts fuzz-replay structure cli-test exec-test \
               digest-vs-curl hook

# Each victim, behind each scheme, and behind a proxy that closes.
hook_fast := : (basic|digest|ntlm|close-after-407|rst)$$

# $(call in_turn,PROGRAMS,SUITES): a program that can't be built fails the suite
# that needs it, and no other.
cores := $(shell nproc 2>/dev/null || echo 1)
in_turn = sum=$${TALLY_SUM:-$(BUILD)/tally}; mkdir -p $(BUILD); : >$$sum; \
          $(MAKE) -k --no-print-directory -j$(cores) $(1); \
          TALLY_SUM=$$sum $(MAKE) -k --no-print-directory -j1 $(2); status=$$?; \
          tests/tally --summary $$sum; exit $$status

check:
	$(Q)$(call in_turn,check-programs,$(suites))

check-fast:
	$(Q)export HOOK_OPTIONS="--only '$(hook_fast)'" STRUCTURE_OPTIONS=--quick; \
	    $(call in_turn,fast-programs,$(fast_suites))

# One of each folder, which says at its head what lies there.
include tests/fixtures/fixtures.mk
include $(filter-out tests/fixtures/%,$(sort $(wildcard tests/*/*.mk)))
include tests/sanitize.mk

fast-programs: all fixtures $(unit_bin) $(transcript_bin) $(replay_bin) \
    $(victim_bin) $(exec_family) $(answer_bin)
check-programs: fast-programs $(startup_bin) $(sinks_bin) $(bypass) \
    $(fetch_probe) $(gss_ask) $(report_bin) $(access_bin) \
    $(report_lines) $(bench_bin) $(BUILD)/tests/bench/nothing.so \
    stress-programs frames

-include $(unit_src:%.c=$(BUILD)/%.d)
.SECONDARY:
