# Shared by the scripts: where the project is, and what it needs. Source it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build_packages=(
    libwebsockets-dev libwebsockets-evlib-uv libuv1-dev libsqlite3-dev libpq-dev libavformat-dev libavcodec-dev libavutil-dev libswscale-dev
    libswresample-dev libssl-dev libcurl4-openssl-dev zlib1g-dev libbrotli-dev libargon2-dev libqrencode-dev libjansson-dev
    pkg-config
)
test_packages=(postgresql chromium fonts-dejavu-core ffmpeg python3-venv curl jq openssl gcc libc6-dev nginx-light caddy zbar-tools)

say() { printf '\n== %s\n' "$*"; }

# Installs the Debian packages among its arguments that are missing.
need_packages() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "Installing ${missing[*]}"
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { echo "Please install as root: apt-get install ${missing[*]}" >&2; exit 1; }
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

need_swift() {
    command -v swift >/dev/null || {
        echo "Swift 6.3 or later is needed: https://www.swift.org/install/linux/" >&2
        exit 1
    }
}

# Node runs the unit tests of the web page.
need_node() {
    command -v node >/dev/null || need_packages nodejs
}

# A Python environment with what the tests use.
need_python() {
    if [ ! -x .venv/bin/python ]; then
        python3 -m venv .venv
    fi
    if ! cmp -s e2e/requirements.txt .venv/requirements.txt; then
        say "Installing Python packages"
        .venv/bin/pip install -q --disable-pip-version-check -r e2e/requirements.txt
        cp e2e/requirements.txt .venv/requirements.txt
    fi
}

build_release() {
    say "Building"
    swift build -c release --product pingwatch
}
