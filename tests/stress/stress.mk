# Many connections at once, against a proxy that misbehaves at random:
#   make stress                  some seconds; STRESS_SECONDS=600 makes it long
#   make stress-asan stress-tsan  the library and the client instrumented
# STRESS_OPTIONS: options of tests/stress/run (--seed, --only, ...).

STRESS_SECONDS ?= 8
stress_proxy := $(BUILD)/tests/stress/proxy
stress_client := $(BUILD)/tests/stress/client
stress_client_obj := $(patsubst %,$(BUILD)/tests/stress/%.o,client exchange \
                       answer calls loop threads plan)
stress_proxy_obj := $(patsubst %,$(BUILD)/tests/stress/%.o,proxy plan) \
                    $(patsubst %,$(BUILD)/tests/proxy/%.o,auth digest ntlm ntlm_check fault)

# The proxy is made of the fixtures' parts.
$(BUILD)/tests/stress/proxy.o: private ALL_CPPFLAGS += -Itests/proxy

$(stress_proxy): $(stress_proxy_obj) $(fixture_obj)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $^ $(NETTLE) -pthread $(LDFLAGS)

$(stress_client): $(stress_client_obj)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $^ -pthread $(LDFLAGS)

.PHONY: stress stress-programs stress-asan stress-tsan
stress-programs: $(stress_proxy) $(stress_client) $(BUILD)/libauth407.so

stress: stress-programs
	$(Q)BUILD=$(BUILD) STRESS_SECONDS=$(STRESS_SECONDS) $(TALLY) tests/stress/run

# gcc 12's thread sanitizer can't live with much randomness in the address
# space (see tests/sanitize.mk).
stress-asan stress-tsan: stress-%:
	$(Q)$(call san_make,$*) stress-programs
	$(Q)BUILD=build-$* STRESS_SECONDS=$(STRESS_SECONDS) \
	    STRESS_OPTIONS='--sanitizer $* $(STRESS_OPTIONS)' $(TALLY) \
	    tests/stress/run

check: stress

-include $(stress_client_obj:.o=.d) $(stress_proxy_obj:.o=.d)
