#!/bin/sh
# The whole way on real images, on a Debian 12 machine: installs what is missing (as root), builds, trains a network on the 60,000
# pictures of Fashion-MNIST, measures it on 10,000 others, and tells what is on one of those.
#
#     sh examples/fashion_mnist.sh [EPOCHS]      default 5
set -eu
cd "$(dirname "$0")/.."

packages='gcc meson ninja-build pkg-config libjansson-dev libstb-dev libturbojpeg0-dev libspng-dev dataset-fashion-mnist'
missing=''
for p in $packages; do
  case $(dpkg-query -W -f '${Status}' "$p" 2>/dev/null || true) in *' installed') ;; *) missing="$missing $p" ;; esac
done
if [ -n "$missing" ]; then
  echo "installing:$missing"
  apt-get update -qq
  # shellcheck disable=SC2086  # a list of words
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

[ -e build/build.ninja ] || /usr/bin/meson setup build -Dtests=false >/dev/null
ninja -C build >/dev/null

data=/usr/share/datasets/fashion-mnist
visml=build/examples/cli/visml
model=build/fashion.visml
train=idx:$data/train-images-idx3-ubyte.gz,$data/train-labels-idx1-ubyte.gz
test_images=$data/t10k-images-idx3-ubyte.gz
test_labels=$data/t10k-labels-idx1-ubyte.gz

echo '== train'
$visml train "$train" --arch small-cnn --epochs "${1:-5}" --batch 128 --lr 0.001 --seed 1 -o $model
echo '== evaluate, on pictures that it has not seen'
$visml evaluate $model "idx:$test_images,$test_labels"
echo '== predict one of them'
label=$(build/examples/idx_to_png $test_images $test_labels 0 build/fashion.png)
$visml predict $model build/fashion.png --top 3
echo "The picture is build/fashion.png; its label is $label. The classes: 0 T-shirt, 1 trouser, 2 pullover, 3 dress, 4 coat, 5 sandal,"
echo '6 shirt, 7 sneaker, 8 bag, 9 ankle boot.'
