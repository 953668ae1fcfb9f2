# What must hold of the code and of what is made from it, whatever it does.

.PHONY: structure
structure: all
	$(Q)MAKE=$(MAKE) $(TALLY) tests/structure/run
