#!/bin/sh
# Build the release archives: scripts/release.sh v0.4.0
set -eu

version="${1:?usage: scripts/release.sh VERSION}"
out="dist/$version"
mkdir -p "$out"

for target in linux/amd64 linux/arm64 darwin/arm64; do
    os="${target%/*}"
    arch="${target#*/}"
    work="$(mktemp -d)"
    GOOS="$os" GOARCH="$arch" CGO_ENABLED=0 go build -trimpath -o "$work/marlin" ./cmd/marlin
    tar -C "$work" -czf "$out/marlin-$version-$os-$arch.tar.gz" marlin
    rm -r "$work"
done

(cd "$out" && sha256sum ./*.tar.gz > SHA256SUMS)
echo "wrote $out"
