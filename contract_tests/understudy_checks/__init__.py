"""The contract kit: property-based tests of a vendor's documentation, for any server that follows it."""

from understudy_checks.assertions import keep_assertions

keep_assertions(__name__)
