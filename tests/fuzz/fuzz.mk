# Fuzzing: `make fuzz` builds with clang and runs each target for FUZZ_SECONDS;
# FUZZ_ONLY=NAME... runs some. `make fuzz-replay` runs the committed corpus once
# with any compiler. The engine's is made of the transcripts, but for what no
# transcript says.

FUZZ_CC ?= clang
FUZZ_SECONDS ?= 20
fuzz_src := $(wildcard tests/fuzz/fuzz_*.c)
fuzz_names := $(fuzz_src:tests/fuzz/fuzz_%.c=%)
FUZZ_ONLY ?= $(fuzz_names)

# json_check and the engine's driver are linked into each: it is simpler.
fuzz_help := tests/fuzz/json_check.c tests/engine/sim.c $(wildcard driver/*.c)
fuzz_obj := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/fuzz/*.c))
replay_bin := $(fuzz_names:%=$(BUILD)/tests/fuzz/replay_%)

$(fuzz_obj): private LAYER := -Itests/engine

$(BUILD)/tests/fuzz/replay_%: $(BUILD)/tests/fuzz/fuzz_%.o \
    $(BUILD)/tests/fuzz/replay.o $(fuzz_help:%.c=$(BUILD)/%.o) \
    $(BUILD)/libauth407core.a
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $^ $(NETTLE) $(YAJL) $(LDFLAGS)

# The report's lines: parts of the command.
fuzz_report := cli/term.c $(patsubst %,cli/report/%.c,model/advice model/keys \
    model/model model/pending read/record write/escape time)
$(BUILD)/tests/fuzz/replay_report: $(fuzz_report:%.c=$(BUILD)/%.o)
$(BUILD)/tests/fuzz/replay_report: private NETTLE := \
    $(BUILD)/libauth407core.a $(NETTLE)

transcripts := $(wildcard tests/engine/*.txt)
seeds := $(BUILD)/tests/fuzz/seeds
$(BUILD)/tests/fuzz/make_seeds: $(BUILD)/tests/fuzz/seeds.o \
    $(BUILD)/tests/engine/script.o $(BUILD)/tests/engine/sim.o $(sim_lower)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $^ $(NETTLE) $(LDFLAGS)

$(seeds)/made: $(BUILD)/tests/fuzz/make_seeds $(transcripts)
	$(Q)rm -rf $(@D) && mkdir -p $(@D)/engine
	$(Q)$< $(@D)/engine $(transcripts)
	$(Q)touch $@

.PHONY: fuzz fuzz-replay
fuzz-replay: $(replay_bin) $(seeds)/made
	$(Q)$(TALLY) $(replay_bin) \
	    '$(BUILD)/tests/fuzz/replay_engine $(seeds)/engine'

# All of core once more, instrumented for the fuzzer.
fuzz_dir := $(BUILD)/fuzz
fuzz_flags := -std=gnu11 -DA407_DEBUG -g -O1 -fno-omit-frame-pointer \
              -fsanitize=address,undefined -fno-sanitize-recover=all
fuzz_core := $(core_src:%.c=$(fuzz_dir)/%.o) $(fuzz_help:%.c=$(fuzz_dir)/%.o)

$(fuzz_dir)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$< (fuzz))$(FUZZ_CC) $(ALL_CPPFLAGS) -Itests/engine \
	    $(fuzz_flags) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$(fuzz_dir)/fuzz_%: $(fuzz_dir)/tests/fuzz/fuzz_%.o $(fuzz_core)
	$(call say,LD,$@)$(FUZZ_CC) $(fuzz_flags) -fsanitize=fuzzer -o $@ $^ $(NETTLE) \
	    $(YAJL)

$(fuzz_dir)/fuzz_report: $(fuzz_report:%.c=$(fuzz_dir)/%.o)

fuzz: $(FUZZ_ONLY:%=$(fuzz_dir)/fuzz_%) $(seeds)/made
	$(Q)FUZZ_SECONDS=$(FUZZ_SECONDS) $(TALLY) \
	    'tests/fuzz/run $(fuzz_dir) $(seeds) $(FUZZ_ONLY)'

-include $(fuzz_obj:.o=.d) $(fuzz_core:.o=.d) \
    $(fuzz_report:%.c=$(fuzz_dir)/%.d) \
    $(fuzz_src:%.c=$(fuzz_dir)/%.d)
