# As if they had one.
### staging/ranges.c
/^uint_number/,/^}/s/\*ret = \(int64_t\)\(v \^ UINT64_C\(1\) << 63\);/*ret = (int64_t)v;/
