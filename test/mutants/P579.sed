# A load has a float as SELECT shows it.
### endpoints/my_scan.c
s/case LOGICAL_F32: return READ_FLOAT;/case LOGICAL_F32: return READ_TEXT;/
