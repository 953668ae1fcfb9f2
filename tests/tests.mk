# How the tests are built and run. Everything prints TAP; tests/tally counts it,
# and with TALLY_SUM=FILE adds its two numbers to a file.

TALLY := tests/tally

unit_libs = $(host_obj) $(BUILD)/libauth407core.a $(NETTLE) $(CMOCKA)

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(host_obj) $(BUILD)/libauth407core.a
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $< $(unit_more) $(unit_libs) $(LDFLAGS)

# What of preload/ stands on its own.
child_obj := $(addprefix $(BUILD)/preload/,child.o child_env.o child_keeper.o \
                 guard.o other_libc.o paths.o real.o socket.o talk.o wait.o)
child_test := $(filter $(BUILD)/tests/unit/test_child%,$(unit_bin))
$(child_test): $(child_obj)
$(child_test): unit_more = $(child_obj) -pthread

lockout_obj := $(addprefix $(BUILD)/preload/,guard.o lockout.o paths.o real.o)
$(BUILD)/tests/unit/test_lockout: $(lockout_obj)
$(BUILD)/tests/unit/test_lockout: unit_more = $(lockout_obj) -pthread

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
