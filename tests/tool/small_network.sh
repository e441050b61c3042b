# To be sourced: writes net.prototxt and net.caffemodel, a network of one layer, into the present folder. The layer is
# called as $layer says, fc otherwise; $layer_text is the same with escapes as a prototxt has them.

# NetParameter{layer{name, type, blobs{shape{dim: 16 32} data: 512 floats}}}.
layer=${layer:-fc}
cat > net.prototxt <<TEXT
name: "small"
input: "data"
input_shape { dim: 1 dim: 32 }
layer { name: "${layer_text:-$layer}" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 16 bias_term: false } }
TEXT
{
  byte() { printf "\\x$(printf %02x "$1")"; }
  name_bytes=$(printf %s "$layer" | wc -c)
  layer_bytes=$((2076 + name_bytes))
  printf '\xa2\x06'
  byte $((layer_bytes % 128 + 128))
  byte $((layer_bytes / 128))
  printf '\x0a'
  byte "$name_bytes"
  printf '%s\x12\x0cInnerProduct\x3a\x89\x10\x3a\x04\x0a\x02\x10\x20\x2a\x80\x10' "$layer"
  for index in $(seq 512); do  # of both signs, below 1
    random=$(((index * 7919 + index * index * 104729) % 65536))
    printf "\\x00\\x00\\x$(printf %02x $((random % 128)))\\x$([ $((random / 128 % 2)) = 0 ] && echo 3e || echo be)"
  done
} > net.caffemodel
