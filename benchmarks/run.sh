#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tenon beside LiteRT, ONNX Runtime and OpenVINO on the networks of MLPerf Tiny, and where each stands under the limits of this
# machine: run.sh MODELS [BUILD [OPTION OF compare.py...]]
#
# MODELS has kws, resnet8, vww, ad and str_ww with model.h5 (float Keras model with integer inputs) and samples.npz
# (calibration inputs), and mlperf_tiny with the int8 .tflite and .onnx files of kws, resnet8, vww, ad01 and strww. Networks of
# large_models.py in BUILD/large_models are measured too. Results: BUILD/benchmarks.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '3,10s/^# //p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
models=$1
build=${2:-build}
shift $(($# > 1 ? 2 : 1))
results=$build/benchmarks
mkdir -p "$results"
"$here/setup_peers.sh" "$build"
[ -f "$build/build.ninja" ] || meson setup "$build" "$here/.." >/dev/null
ninja -C "$build" --quiet tools/tenon

networks=()
for entry in kws:kws:int8 resnet8:resnet8:uint8 vww:vww:uint8 ad01:ad:int8 strww:str_ww:uint8; do
  IFS=: read -r name folder type <<<"$entry"
  networks+=("$name=$models/$folder/model.h5,$models/$folder/samples.npz,-id,$type")
done
peers=("$models/mlperf_tiny")
if [ -d "$build/large_models" ]; then
  peers+=("$build/large_models")
  for name in mobilenet_v1 deit_tiny; do
    networks+=("$name=$build/large_models/$name.h5,$build/large_models/${name}_samples.npz")
  done
fi

# The transformer and the streaming network of examples/.
"$build/peers/bin/python" "$here/digits_models.py" --out "$build/digits_models" >"$results/digits_models"
peers+=("$build/digits_models")
for name in digits_vit digits_tenn; do
  networks+=("$name=$here/../examples/$name/model.h5,$here/../examples/$name/samples.npz,-id,uint8")
done

# A network that one compiler cannot build is timed as the other one builds it.
"$here/exported.py" --tenon "$build/tools/tenon" --out "$results" --arguments "${networks[@]}" >"$results/executables" || true
mapfile -t tenon <"$results/executables"
quantized=() names=()
for network in "${networks[@]}"; do
  name=${network%%=*}
  [ -f "$results/$name.h5" ] || continue
  names+=("$name=$results/$name.h5")
  quantized+=("--quantized=$name=$results/$name.h5")
done
"$here/compare.py" --models "${peers[@]}" "${tenon[@]}" --tenon-command "$build/tools/tenon" "${quantized[@]}" \
  --python "$build/peers/bin/python" --json "$results/report.json" --svg "$results/report.svg" "$@" | tee "$results/report.md"
"$here/roofline.py" --tenon "$build/tools/tenon" "${names[@]}" --measured "$results/report.json" \
  --markdown "$results/roofline.md" --svg "$results/roofline.svg"
echo "written: $results/report.md, report.json, report.svg, roofline.md, roofline.svg"
