# The engine without sockets: what is said in tests/engine/*.txt.

transcript_src := $(wildcard tests/engine/*.c)
transcript_obj := $(transcript_src:%.c=$(BUILD)/%.o)
transcript_bin := $(BUILD)/tests/engine/runner

$(transcript_bin): $(transcript_obj) $(BUILD)/libauth407core.a
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $(transcript_obj) \
	    $(BUILD)/libauth407core.a $(NETTLE) \
	    -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free $(LDFLAGS)

# docs/engine.md must show the states as they are. (tally passes no arguments)
diagram_check := $(BUILD)/tests/engine/engine-diagram

$(diagram_check):
	@mkdir -p $(@D)
	$(Q)printf '#!/bin/sh\nexec scripts/engine-diagram --check\n' > $@
	$(Q)chmod +x $@

.PHONY: transcripts
transcripts: $(transcript_bin) $(diagram_check)
	$(Q)$(TALLY) $(transcript_bin) $(diagram_check)

-include $(transcript_src:%.c=$(BUILD)/%.d)
