# Does a program behave as before?
#   make transparency   other projects' test suites, with and without the
#                       library, which takes every port of this machine for a
#                       proxy: an hour, and Debian's source packages.
#                       TRANSPARENCY_OPTIONS: see scripts/transparency --help
#   make completeness   every call on a proxy's connection passes a hook
#                       (a minute; needs strace)

bypass := $(BUILD)/tests/hook/transparency/bypass

$(bypass): $(bypass).o
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $< $(LDFLAGS)

# Without tail calls: a hook that was passed stays on the stack. What a compiler
# warns of depends on the optimization, so that these flags fail nobody's build.
.PHONY: frames transparency completeness
frames:
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)-frames LDFLAGS= \
	    CFLAGS='-O1 -g -fno-optimize-sibling-calls' EXTRA_CFLAGS= WERROR=0 \
	    $(BUILD)-frames/libauth407.so

# The invariants are checked, too.
loopback := $(BUILD)-loopback/tests/hook/transparency/loopback.o
wrapped := -Wl,--wrap=a407_match,--wrap=a407_config_proxy
.PHONY: loopback
loopback:
	$(Q)for goal in $(loopback) $(BUILD)-loopback/libauth407.so; do \
	    $(MAKE) --no-print-directory BUILD=$(BUILD)-loopback WERROR=0 \
	    CFLAGS='-O2 -g -DA407_DEBUG' EXTRA_CFLAGS= \
	    LDFLAGS='$(wrapped) $(loopback)' $$goal || exit; done

transparency: fixtures loopback
	$(Q)BUILD=$(BUILD) scripts/transparency \
	    --lib $(BUILD)-loopback/libauth407.so $(TRANSPARENCY_OPTIONS)

completeness: fixtures frames $(bypass) $(BUILD)/libauth407.so \
              $(BUILD)/tests/bench/nothing.so $(bench_bin)
	$(Q)FRAMES=$(BUILD)-frames $(TALLY) \
	    tests/hook/transparency/completeness

-include $(bypass).d
