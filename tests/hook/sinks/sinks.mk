# The sinks: a burst of 407s from real programs under the library, into files,
# pipes, syslog and the journal. Root, in namespaces of its own.

sinks_src := $(wildcard tests/sinks/*.c)
sinks_shim := $(filter-out %/burst.c,$(sinks_src))
sinks_bin := $(BUILD)/tests/sinks/burst $(sinks_shim:%.c=$(BUILD)/%.so)

$(BUILD)/tests/sinks/burst: $(BUILD)/tests/sinks/burst.o
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $< $(LDFLAGS)

# (what these define takes the place of libc's)
$(BUILD)/tests/sinks/%.so: $(BUILD)/tests/sinks/%.o
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -shared -o $@ $< $(LDFLAGS)

$(sinks_shim:%.c=$(BUILD)/%.o): private ALL_CFLAGS += -fvisibility=default

# SINKS_OPTIONS in the environment: options of tests/sinks/run.
.PHONY: sinks
sinks: fixtures $(sinks_bin) $(BUILD)/libauth407.so
	$(Q)BUILD=$(BUILD) $(TALLY) tests/sinks/run

-include $(sinks_src:%.c=$(BUILD)/%.d)
