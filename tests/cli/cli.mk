# The launcher's tests: the program itself, from the outside. They bring a
# library of their own, so that they say nothing about the real one.

.PHONY: cli-test
cli-test: all $(proxy407)
	$(Q)$(TALLY) tests/cli/run
