# The suites once more, instrumented, each in a build folder of its own:
#   asan, ubsan, tsan   gcc's sanitizers; a finding ends the program
#   valgrind            the plain build under memcheck
# In the hook tests the library alone is instrumented, and preloaded after the
# sanitizer's own; what a victim does is not in question. HOOK_ONLY=PATTERN
# runs fewer of them. A407_DEBUG: invariants are checked, too.

SAN_CFLAGS := -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all \
              -DA407_DEBUG
HOOK_ONLY ?= .

asan_flags := -fsanitize=address
ubsan_flags := -fsanitize=undefined
tsan_flags := -fsanitize=thread

# No leaks: a victim's own, or one thread's that was ended with the program.
# Where there is no victim they are looked for.
asan_options := ASAN_OPTIONS=detect_leaks=0:abort_on_error=1
ubsan_options := UBSAN_OPTIONS=print_stacktrace=1
tsan_options := TSAN_OPTIONS=halt_on_error=1:report_signal_unsafe=0
hook_factor := 4

asan_suites := unit transcripts fuzz-replay
ubsan_suites := unit transcripts fuzz-replay

san_make = $(MAKE) --no-print-directory BUILD=build-$(1) \
           CFLAGS='$(SAN_CFLAGS) $($(1)_flags)' EXTRA_CFLAGS= LDFLAGS= WERROR=0

# The suites that this tree has a rule for.
there = $(filter $(if $(wildcard tests/fuzz/fuzz.mk),%,unit transcripts),$(1))

# $(call hooks,NAME,PATTERN)
define hooks
$(Q)$(call san_make,$(1)) build-$(1)/libauth407.so
$(Q)$(TALLY) "tests/hook/run --build $(BUILD) \
    --lib build-$(1)/libauth407.so --timeout-factor $(hook_factor) \
    --preload $$($(CC) -print-file-name=lib$(1).so) \
    --env $($(1)_options) --only '$(2)'"
endef

# $(call sinks,NAME): the same library, in the tests of the sinks.
define sinks
$(Q)$(TALLY) "tests/hook/sinks/run --build $(BUILD) \
    --lib build-$(1)/libauth407.so --timeout-factor $(hook_factor) \
    --preload $$($(CC) -print-file-name=lib$(1).so) --env $($(1)_options)"
endef

.PHONY: asan ubsan tsan valgrind
asan ubsan: fixtures $(victim_bin) $(sinks_bin)
	$(Q)$(subst leaks=0,leaks=1,$($@_options)) $(call san_make,$@) \
	    $(call there,$($@_suites))
	$(call hooks,$@,$(HOOK_ONLY))
	$(call sinks,$@)

# Only the victims with threads; under `setarch -R`, because gcc 12's runtime
# can't live with much randomness in the address space.
tsan: fixtures $(victim_bin)
	$(Q)$(call san_make,$@) $@-victims
	$(Q)$(TALLY) "tests/hook/run --build build-$@ \
	    --timeout-factor $(hook_factor) --wrap 'setarch -R' \
	    --env $(tsan_options) --only '^(threads|credit .*-thread)'"

.PHONY: tsan-victims
tsan-victims: fixtures $(victim_bin) $(BUILD)/libauth407.so

# Takes some ten minutes: the transcripts are played at every split. A leak
# counts; what a test program leaves reachable does not.
MEMCHECK := valgrind -q --error-exitcode=99 --leak-check=full \
            --errors-for-leak-kinds=definite --child-silent-after-fork=yes
memcheck_bin = $(unit_bin) $(transcript_bin)

# Of the hook tests each victim once, but for the one that hands the kernel
# wrong arguments on purpose.
valgrind: $(memcheck_bin) fixtures $(victim_bin) $(BUILD)/libauth407.so
	$(Q)$(TALLY) $(memcheck_bin:%='$(MEMCHECK) %') "tests/hook/run \
	    --build $(BUILD) --wrap 'valgrind -q --error-exitcode=99' \
	    --timeout-factor 8 --only '^(?!errno).*: basic\$$'"
