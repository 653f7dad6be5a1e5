#!/bin/sh
# Makes .venv with exactly the locked packages; at once when nothing changed since the last time.
set -eu
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
stamp=.venv/.installed

fail() {
    echo "setup: $1" >&2
    exit 1
}

# What the installation depends on: the lock, our own metadata, and this interpreter.
wanted() {
    cat requirements.lock pyproject.toml | sha256sum
    "$python" -c 'import sys; print(sys.version)'
}

# On a terminal, one line that counts; elsewhere nothing, pip's errors come through standard error.
show_progress() {
    if [ -t 1 ]; then
        awk -v all="$(grep -c '^[a-z]' requirements.lock)" \
            '/^(Collecting|Processing)/ {
                sub(".*/", "", $2); printf "\r\033[K  %d of %d: %s", ++n, all, $2; fflush() }
             /^Installing/ { printf "\r\033[K  unpacking ..."; fflush() }
             END { printf "\r\033[K" }'
    else
        cat >/dev/null
    fi
}

install_locked() {
    .venv/bin/python -m pip install --require-hashes -r requirements.lock || touch .venv/.failed
}

command -v "$python" >/dev/null ||
    fail "no $python here; install Python 3.11 or newer, or name one: make setup PYTHON=python3.12"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" --version) is too old; install Python 3.11 or newer, or name one: make setup PYTHON=python3.12"

if [ "$(cat "$stamp" 2>/dev/null)" = "$(wanted)" ]; then
    exit 0
fi

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    "$python" -m infra.servers.packages python3-venv
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python has no working venv module; install the package that brings it"
fi

echo "Setting up .venv with $(grep -c '^[a-z]' requirements.lock) locked packages (a minute or two the first time) ..."
rm -f .venv/.failed
"$python" -m venv .venv
install_locked | show_progress
[ ! -e .venv/.failed ] || fail "pip could not install the locked packages (see above)"
.venv/bin/python -m pip install --quiet --no-deps --no-build-isolation -e .
wanted >"$stamp"
echo "Set up."
