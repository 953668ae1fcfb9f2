# The engine without sockets: what is said in tests/transcripts/*.txt.

transcript_src := $(wildcard tests/transcripts/*.c)
transcript_obj := $(transcript_src:%.c=$(BUILD)/%.o)
transcript_bin := $(BUILD)/tests/transcripts/runner

$(transcript_bin): $(transcript_obj) $(BUILD)/libauth407core.a
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $(transcript_obj) \
	    $(BUILD)/libauth407core.a $(NETTLE) \
	    -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free $(LDFLAGS)

.PHONY: transcripts
transcripts: $(transcript_bin)
	$(Q)$(TALLY) $(transcript_bin)

-include $(transcript_src:%.c=$(BUILD)/%.d)
