# How the tests are built and run. Everything prints TAP; tests/tally counts it,
# and with TALLY_SUM=FILE adds its two numbers to a file.

TALLY := tests/tally

unit_libs = $(lower) $(NETTLE) $(CMOCKA)

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(lower)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $< $(unit_more) $(unit_libs) $(LDFLAGS)

# A scheme of the test's own goes through the transcripts' simulator.
$(BUILD)/tests/unit/test_scheme_toy.o: private LAYER := -Itests/engine
$(BUILD)/tests/unit/test_scheme_toy: $(BUILD)/tests/engine/sim.o
$(BUILD)/tests/unit/test_scheme_toy: unit_more = $(BUILD)/tests/engine/sim.o

# check: all of it. `make -k check` goes on after a suite that failed.
.PHONY: unit check
unit: $(unit_bin)
	$(Q)$(TALLY) $(unit_bin)

check: unit exec-test transcripts fuzz-replay structure cli-test digest-vs-curl \
       ntlm-vs-others fetch-test hook startup sinks record redaction completeness \
       integration gss schemes \
       access-log report-html report-test dropped

# One of each folder, which says at its head what lies there.
include tests/fixtures/fixtures.mk
include $(filter-out tests/fixtures/%,$(sort $(wildcard tests/*/*.mk)))
include tests/sanitize.mk

-include $(unit_src:%.c=$(BUILD)/%.d)
.SECONDARY:
