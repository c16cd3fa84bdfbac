# JSON passes from MySQL to MySQL as it is.
### staging/convert_json.c
s/ && c->to\.kind != MY_JSON\)/)/
