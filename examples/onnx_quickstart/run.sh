#!/usr/bin/env bash
# Installs what is missing, builds, and shrinks an .onnx network that tells whether a line of text is upside down, with ONNX
# Runtime as the judge. Results go to build/onnx_quickstart. NUQ_PYTHON may name a Python that has onnxruntime and pillow.
set -euo pipefail
cd "$(dirname "$0")/../.."
example=examples/onnx_quickstart
out=build/onnx_quickstart
export PYTHONDONTWRITEBYTECODE=1

./examples/install_packages.sh cmake g++ ninja-build libeigen3-dev libprotobuf-dev protobuf-compiler nlohmann-json3-dev \
  zlib1g-dev libcli11-dev python3-venv fonts-dejavu-core
cmake --preset release
cmake --build --preset release --target nuq_tool nuq_packed_weights
nuq=build/release/bin/nuq
export NUQ_PACKED_WEIGHTS=build/release/examples/serve_onnx/libnuq_packed_weights.so

python=${NUQ_PYTHON:-$out/venv/bin/python}
if [ -z "${NUQ_PYTHON:-}" ]; then
  python3 -m venv "$out/venv"
  "$python" -m pip install --quiet --disable-pip-version-check numpy 'onnxruntime>=1.24' pillow
fi

# The network: the text-direction classifier of PaddleOCR (Apache-2.0), as a package of PyPI has it.
model=$out/rapidocr/rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx
if [ ! -f "$model" ]; then
  "$python" -m pip download --quiet --disable-pip-version-check --no-deps --dest "$out" rapidocr-onnxruntime==1.4.4
  "$python" -m zipfile -e "$out/rapidocr_onnxruntime-1.4.4-py3-none-any.whl" "$out/rapidocr"
fi
echo "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c  $model" | sha256sum --check --quiet
"$python" "$example/render_lines.py" "$out/data"

"$nuq" config -m "$model" -o "$out/config.json"
"$nuq" auto -m "$model" -c "$out/config.json" --calibration "$out/data/calibration.json" --weights-only --max-drop 0.01 \
  --eval-server "'$python' examples/command_evaluator/top1_server.py '$out/data/search.json' --runtime onnxruntime" -o "$out/nuq"
"$nuq" --quiet config -m "$model" --uniform -o "$out/int8.json"
"$nuq" --quiet quantize -m "$model" -c "$out/int8.json" --weights-only -o "$out/int8"
"$python" "$example/compare.py" "$out/data/held_out.json" original="$model" int8="$out/int8.nuq" NUQ="$out/nuq.nuq"
