# Databases that are left out are not looked for.
### endpoints/my_source_check.c
/^check_filter\(/,/^}/s/lists\(not, schema\)/lists("", schema)/
