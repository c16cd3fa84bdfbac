# The fraction of a time below zero counts upwards.
### cdc/my_text.c
s/const uint64_t magnitude = \(uint64_t\)\(v < 0 \? -v : v\);/const uint64_t magnitude = v < 0 ? (uint64_t)-(v \& ~0xff) | (uint64_t)(v \& 0xff) : (uint64_t)v;/
