# The sinks: a burst of 407s from real programs under the library, into files,
# pipes, syslog and the journal. Root, in namespaces of its own.

sinks_src := $(wildcard tests/hook/sinks/*.c)
sinks_shim := $(filter-out %/burst.c,$(sinks_src))
sinks_bin := $(BUILD)/tests/hook/sinks/burst $(sinks_shim:%.c=$(BUILD)/%.so)

$(BUILD)/tests/hook/sinks/burst: $(BUILD)/tests/hook/sinks/burst.o \
                                 $(BUILD)/tests/fixtures/victim.o
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $^ $(LDFLAGS)

# (what these define takes the place of libc's)
$(BUILD)/tests/hook/sinks/%.so: $(BUILD)/tests/hook/sinks/%.o
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -shared -o $@ $< $(LDFLAGS)

$(sinks_shim:%.c=$(BUILD)/%.o): private ALL_CFLAGS += -fvisibility=default

# SINKS_OPTIONS in the environment: options of tests/hook/sinks/run.
.PHONY: sinks
sinks: fixtures $(sinks_bin) $(BUILD)/libauth407.so
	$(Q)$(TALLY) tests/hook/sinks/run

-include $(sinks_src:%.c=$(BUILD)/%.d)
