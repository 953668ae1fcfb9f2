# The engine without sockets: what is said in tests/engine/*.txt.

transcript_src := $(wildcard tests/engine/*.c)
transcript_obj := $(transcript_src:%.c=$(BUILD)/%.o)
transcript_bin := $(BUILD)/tests/engine/runner

# The engine once more, that checks itself: see core/engine/internal.h.
engine_debug_obj := $(patsubst %.c,$(BUILD)/debug/%.o,$(wildcard core/engine/*.c))
$(BUILD)/debug/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$< (debug))$(CC) $(ALL_CPPFLAGS) -DA407_DEBUG $(ALL_CFLAGS) \
	    -MMD -MP -c -o $@ $<

engine_test := $(filter $(BUILD)/tests/unit/test_engine%,$(unit_bin))
$(engine_test): $(engine_debug_obj)
$(engine_test): unit_more = $(engine_debug_obj)

# The simulator has what the outside is for a driver: of host/ nothing is needed.
sim_lower := $(BUILD)/libauth407driver.a $(BUILD)/libauth407core.a

$(transcript_bin): $(transcript_obj) $(engine_debug_obj) $(sim_lower)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $(transcript_obj) $(engine_debug_obj) \
	    $(sim_lower) $(NETTLE) \
	    -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free $(LDFLAGS)

# docs/engine.md must show the states as they are.
.PHONY: transcripts
transcripts: $(transcript_bin)
	$(Q)$(TALLY) $(transcript_bin) 'scripts/engine-diagram --check'

-include $(transcript_src:%.c=$(BUILD)/%.d) $(engine_debug_obj:.o=.d)
