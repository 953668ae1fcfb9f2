# What the library costs, measured with and without it in one run. Exits 0
# whatever comes out; `make bench` shows it as a table.

bench_src := $(filter-out tests/bench/nothing.c tests/bench/report_lines.c, \
    $(wildcard tests/bench/*.c))
bench_bin := $(bench_src:%.c=$(BUILD)/%)

$(BUILD)/tests/bench/fetch $(BUILD)/tests/bench/flow: \
    $(BUILD)/tests/fixtures/victim.o

$(BUILD)/tests/bench/%: $(BUILD)/tests/bench/%.o
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $^ $(LDFLAGS)

$(BUILD)/tests/bench/nothing.so: $(BUILD)/tests/bench/nothing.o
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -shared -o $@ $< \
	    -Wl,-z,relro,-z,now,--as-needed $(LDFLAGS)

# Event loops: libuv, libevent, GLib, asyncio, tokio (`scripts/deps bench`).
loops := $(addprefix $(BUILD)/tests/bench/loops/,loop_uv loop_event loop_glib \
    loop_tokio)
loop_uv_package := libuv
loop_event_package := libevent_core
loop_glib_package := gio-2.0

$(BUILD)/tests/bench/loops/loop_tokio: tests/bench/loops/loop_tokio.rs \
        tests/bench/loops/Cargo.toml
	@mkdir -p $(@D)
	$(call say,CARGO,$@)cargo build -q --release --offline \
	    --manifest-path tests/bench/loops/Cargo.toml \
	    --target-dir $(@D)/cargo --config 'source.crates-io.replace-with="d"' \
	    --config 'source.d.directory="/usr/share/cargo/registry"'
	$(Q)cp $(@D)/cargo/release/loop_tokio $@ && rm -f tests/bench/loops/Cargo.lock

$(BUILD)/tests/bench/loops/loop_%: tests/bench/loops/loop_%.c \
        tests/bench/loops/loop.h
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CPPFLAGS) -std=gnu11 $(WARN) -O2 -o $@ $< \
	    $$(pkg-config --cflags --libs $(loop_$*_package))

# Log lines as core writes them.
report_lines := $(BUILD)/tests/bench/report_lines
$(report_lines): $(report_lines).o $(BUILD)/libauth407core.a
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $^ $(NETTLE) $(LDFLAGS)

.PHONY: bench bench-report bench-loops
bench-loops: $(loops) $(BUILD)/libauth407.so $(proxy407)
	$(Q)BUILD=$(BUILD) tests/bench/run --only loops

bench: $(bench_bin) $(BUILD)/tests/bench/nothing.so $(BUILD)/libauth407.so \
       $(proxy407)
	$(Q)BUILD=$(BUILD) tests/bench/run

# `auth407 report` over a million lines: seconds, and memory that does not grow.
bench-report: $(BUILD)/auth407-report $(report_lines)
	$(Q)BUILD=$(BUILD) tests/bench/report

-include $(report_lines).d $(bench_src:%.c=$(BUILD)/%.d) $(BUILD)/tests/bench/nothing.d
