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
                    $(patsubst %,$(BUILD)/tests/fixtures/proxy/%.o,auth digest ntlm ntlm_check fault)

# The proxy is made of the fixtures' parts.
$(BUILD)/tests/stress/proxy.o: private ALL_CPPFLAGS += -Itests/fixtures/proxy

$(stress_proxy): $(stress_proxy_obj) $(fixture_obj)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $^ $(NETTLE) -pthread $(LDFLAGS)

$(stress_client): $(stress_client_obj)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $^ -pthread $(LDFLAGS)

.PHONY: stress stress-programs stress-asan stress-tsan
stress-programs: $(stress_proxy) $(stress_client) $(BUILD)/libauth407.so

stress: stress-programs
	$(Q)STRESS_SECONDS=$(STRESS_SECONDS) $(TALLY) tests/stress/run

# gcc 12's thread sanitizer can't live with much randomness in the address
# space (see tests/sanitize.mk).
stress-asan stress-tsan: stress-%:
	$(Q)$(call san_make,$*) stress-programs
	$(Q)STRESS_SECONDS=$(STRESS_SECONDS) \
	    STRESS_OPTIONS='--build build-$* --sanitizer $* $(STRESS_OPTIONS)' $(TALLY) \
	    tests/stress/run

# Numbers of descriptors swapped under requests: some seconds of it are among
# the hook tests, and SWAP_SECONDS of it are
#   make swap-stress                        in this build
#   make swap-stress-asan swap-stress-tsan  instrumented; the latter without
#   signals, whose handlers ThreadSanitizer runs when it sees fit
SWAP_SECONDS ?= 120
swap_stress := $(BUILD)/tests/stress/swap
swap_stress_obj := $(patsubst %,$(BUILD)/tests/stress/%.o,swap swap_round \
                     strangers plan)

$(swap_stress): $(swap_stress_obj)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $^ -pthread $(LDFLAGS)

fixtures: $(swap_stress)

# $(call swap_run,OPTIONS)
swap_run = $(Q)SWAP_SECONDS=$(SWAP_SECONDS) $(TALLY) \
           "tests/hook/run --only '^swaps' $(1)"

.PHONY: swap-programs swap-stress swap-stress-asan swap-stress-tsan
swap-programs: fixtures $(swap_stress) $(BUILD)/libauth407.so
swap-stress: swap-programs
	$(call swap_run)
swap-stress-asan:
	$(Q)$(call san_make,asan) swap-programs
	$(call swap_run,--build build-asan --env $(asan_options) \
	    --preload $$($(CC) -print-file-name=libasan.so))
swap-stress-tsan:
	$(Q)$(call san_make,tsan) swap-programs
	$(Q)rm -f build-tsan/races.*
	$(call swap_run,--build build-tsan --wrap 'env SWAP_NO_SIGNALS=1 setarch -R' --env \
	    TSAN_OPTIONS=halt_on_error=0:exitcode=0:symbolize=0:report_signal_unsafe=0:log_path=$(CURDIR)/build-tsan/races)
	$(Q)$(TALLY) 'tests/stress/tsan-reports build-tsan/races.*'

-include $(stress_client_obj:.o=.d) $(stress_proxy_obj:.o=.d) \
    $(swap_stress_obj:.o=.d)
