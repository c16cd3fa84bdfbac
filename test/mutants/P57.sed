# Text has the form that the role likes.
### endpoints/pg_conn.c
s/-c DateStyle=ISO,MDY -c IntervalStyle=postgres -c TimeZone=UTC -c extra_float_digits=3/-c jit=off/
