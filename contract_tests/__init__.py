"""The contract kit: property-based tests of what a vendor's documentation says, for any server that follows it."""
