# Everything is looked at.
### endpoints/my_shape.c
/^my_shapes_left_out/,/^}/s/return place </return false \&\& place </
