# Real clients, and what they need of us: run has them go through real proxies
# (root and `scripts/deps test`; --only PATTERN runs some), and fetch/ has the
# places where secrets come from: files, .netrc, helper commands; by the
# library's own code in a program of its own, and by the library in clients.

.PHONY: integration fetch-test
integration: all
	$(Q)$(TALLY) tests/clients/run

fetch_probe := $(BUILD)/tests/clients/fetch/probe
fetch_obj := $(BUILD)/tests/clients/fetch/probe.o

$(fetch_probe): $(fetch_obj) $(lower)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $^ $(NETTLE) -pthread $(LDFLAGS)

fetch-test: all fixtures $(fetch_probe)
	$(Q)$(TALLY) tests/clients/fetch/run

-include $(BUILD)/tests/clients/fetch/probe.d
