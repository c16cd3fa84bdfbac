# It is JSON.
### cdc/wal2json_row.c
s/, \*end = memmem\(p, j->n - j->off, type_end, sizeof\(type_end\) - 1\);/, *end;\n\tstruct json probe = *j;\n\n\tjson_str(\&probe);\n\tend = probe.bad || j->n < sizeof(type_end) ? NULL : probe.p + probe.off;/
