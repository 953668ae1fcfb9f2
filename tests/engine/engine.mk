# The engine without sockets: what is said in tests/engine/*.txt.

transcript_src := $(wildcard tests/engine/*.c)
transcript_obj := $(transcript_src:%.c=$(BUILD)/%.o)
transcript_bin := $(BUILD)/tests/engine/runner

$(transcript_bin): $(transcript_obj) $(BUILD)/libauth407core.a
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $(transcript_obj) \
	    $(BUILD)/libauth407core.a $(NETTLE) \
	    -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free $(LDFLAGS)

# docs/engine.md must show the states as they are.
.PHONY: transcripts
transcripts: $(transcript_bin)
	$(Q)$(TALLY) $(transcript_bin) 'scripts/engine-diagram --check'

-include $(transcript_src:%.c=$(BUILD)/%.d)
