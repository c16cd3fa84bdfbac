# A default that has no form becomes the nearest.
### endpoints/ddl_default.c
/^default_converted/,/^}/s/exact\.unrepresentable = VALUES_ERROR/exact.unrepresentable = VALUES_CLAMP/
