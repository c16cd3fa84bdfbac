# A compressed column keeps its word.
### staging/typemap.c
s/target->mariadb \|\| uncompress\(ret, arena, err\)/true || uncompress(ret, arena, err)/
