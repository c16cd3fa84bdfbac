# The file that was noted is not compared.
### endpoints/pg_scan.c
/^same_file/,/^}/s/if \(now != 0 && now == noted_filenode\(filenodes, leaf->oid\)\)/if (now != 0 || noted_filenode(filenodes, leaf->oid) != 0)/
