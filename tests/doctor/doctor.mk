# auth407 doctor from the outside: for each cause a proxy that has it, and the
# right settings, for which nothing may be said.

.PHONY: doctor-test
doctor-test: all $(proxy407)
	$(Q)$(TALLY) tests/doctor/run

.PHONY: doctor-proxies
doctor-proxies: all
	$(Q)$(TALLY) tests/doctor/real
