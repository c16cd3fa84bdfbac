# A collation to which a and A are one.
### staging/typemap.c
s/utf8mb4_nopad_bin/utf8mb4_bin/
s/utf8mb4_0900_bin/utf8mb4_0900_ai_ci/
