# What else a process brings along before main and after it: allocators, other
# preloaded libraries, constructors, plugins, limits, ways to end.

startup := $(BUILD)/tests/hook/startup
startup_bin := $(addprefix $(startup)/,get late host limits leave steps old \
                 old_threads first plugins/ctor.so \
                 libearly.so plugins/startup_plugin.so) \
               $(BUILD)/tests/bench/nothing.so

# Allocators are linked by path: Debian's development packages, which would
# bring the plain names, aren't needed for anything else.
lib_file = $(wildcard $(shell $(CC) -print-file-name=$(1)))
jemalloc := libjemalloc.so.2
tcmalloc := libtcmalloc_minimal.so.4
startup_bin += $(if $(call lib_file,$(jemalloc)),$(startup)/get_jemalloc)
startup_bin += $(if $(call lib_file,$(tcmalloc)),$(startup)/get_tcmalloc)

# gcc's AddressSanitizer, whatever CC and CFLAGS are: its library is shared.
ASAN_CC ?= gcc
libasan := $(shell $(ASAN_CC) -print-file-name=libasan.so 2>/dev/null)
startup_bin += $(if $(wildcard $(libasan)),$(startup)/get_asan)

$(startup)/get_jemalloc: private startup_libs = -Wl,--no-as-needed $(call lib_file,$(jemalloc))
$(startup)/get_tcmalloc: private startup_libs = -Wl,--no-as-needed $(call lib_file,$(tcmalloc))
$(startup)/late: private startup_libs = -Wl,--no-as-needed $(startup)/libearly.so \
    -Wl,-rpath,'$$ORIGIN'
$(startup)/host: private startup_libs = -Wl,--enable-new-dtags \
    -Wl,-rpath,'$$ORIGIN/plugins' -ldl

# Before glibc 2.34 these were libraries of their own.
$(startup)/old_threads: private startup_libs = -Wl,--no-as-needed \
    -l:libpthread.so.0 -l:libdl.so.2
# A canary is checked before there is any: no start file, no protector.
$(startup)/old.o: private ALL_CFLAGS += -fno-stack-protector

define link_startup
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(1) -o $@ $(filter %.o,$^) \
	    $(startup_libs) -pthread $(LDFLAGS)
endef

$(startup)/get $(startup)/get_jemalloc $(startup)/get_tcmalloc: \
    $(startup)/get.o $(startup)/fetch.o
	$(call link_startup)
$(startup)/limits $(startup)/leave $(startup)/first: %: %.o $(startup)/fetch.o
	$(call link_startup)
$(startup)/old $(startup)/old_threads: $(startup)/old.o $(startup)/fetch.o
	$(call link_startup,-nostartfiles)
$(startup)/late: $(startup)/late.o $(startup)/libearly.so
	$(call link_startup)
$(startup)/host $(startup)/steps: %: %.o
	$(call link_startup)
$(startup)/libearly.so: $(startup)/early.o $(startup)/fetch.o
	$(call link_startup,-shared)
$(startup)/plugins/startup_plugin.so: $(startup)/plugin.o $(startup)/fetch.o
	$(call link_startup,-shared)
$(startup)/plugins/ctor.so: $(startup)/ctor.o $(startup)/fetch.o
	$(call link_startup,-shared)
$(startup)/get_asan: tests/hook/startup/get.c tests/hook/startup/fetch.c tests/hook/startup/fetch.h
	@mkdir -p $(@D)
	$(call say,ASAN,$@)$(ASAN_CC) -D_GNU_SOURCE -std=gnu11 -O1 -g \
	    -fsanitize=address -o $@ $(filter %.c,$^) -pthread

.PHONY: startup
startup: all $(proxy407) $(startup_bin)
	$(Q)LIBASAN=$(libasan) $(TALLY) tests/hook/startup/run

-include $(patsubst %.c,$(BUILD)/%.d,$(wildcard tests/hook/startup/*.c))
