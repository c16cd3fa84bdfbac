# It is JSON.
### cdc/wal2json_row.c
s/\tend = j->bad \? NULL : memmem\(p, j->n - j->off, type_end, sizeof\(type_end\) - 1\);/\tstruct json probe = *j;\n\n\tjson_str(\&probe);\n\tend = probe.bad || j->n < sizeof(type_end) ? NULL : probe.p + probe.off;/
