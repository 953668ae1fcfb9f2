# Where secrets come from: files, .netrc and helper commands, by the library's
# own code in a program of its own, and by the library in real clients.

fetch_probe := $(BUILD)/tests/fetch/probe
fetch_obj := $(BUILD)/tests/fetch/probe.o $(BUILD)/preload/fetch.o $(child_obj)

$(fetch_probe): $(fetch_obj) $(host_obj) $(BUILD)/libauth407core.a
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $^ $(NETTLE) -pthread $(LDFLAGS)

.PHONY: fetch-test
fetch-test: all fixtures $(fetch_probe)
	$(Q)BUILD=$(BUILD) $(TALLY) tests/fetch/run

-include $(BUILD)/tests/fetch/probe.d
