# To be sourced: writes net.prototxt and net.caffemodel, a network of one layer, into the present folder.

# NetParameter{layer{name, type, blobs{shape{dim: 16 32} data: 512 floats}}}.
cat > net.prototxt <<'TEXT'
name: "small"
input: "data"
input_shape { dim: 1 dim: 32 }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 16 bias_term: false } }
TEXT
{
  printf '\xa2\x06\x9e\x10\x0a\x02fc\x12\x0cInnerProduct\x3a\x89\x10\x3a\x04\x0a\x02\x10\x20\x2a\x80\x10'
  for index in $(seq 512); do  # of both signs, below 1
    random=$(((index * 7919 + index * index * 104729) % 65536))
    printf "\\x00\\x00\\x$(printf %02x $((random % 128)))\\x$([ $((random / 128 % 2)) = 0 ] && echo 3e || echo be)"
  done
} > net.caffemodel
