# A double(10,2) is read as it is shown.
### endpoints/my_query.c
s/ \|\| strchr\(type->name, ','\) != NULL//
