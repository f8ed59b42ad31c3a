#!/bin/sh
# Makes what the compose file needs and nobody may know: passwords, the token for figures, and the
# signing keys that all nodes share. What is there already stays.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
countersign=${COUNTERSIGN:-docker run --rm countersign}

# Mounted as they are: readable to the user in the container, in a directory that is closed to others.
place() {
    [ -s "secrets/$1" ] && return 0
    cat > "secrets/$1.new"
    chmod 0444 "secrets/$1.new"
    mv "secrets/$1.new" "secrets/$1"
}

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

random | place db-password
random | place bus-password
random | place metrics-token
printf 'port: 4222\nmax_payload: 65536\nauthorization: { user: countersign, password: "%s" }\n' \
    "$(cat secrets/bus-password)" | place nats.conf
[ -s secrets/signing-keys.json ] || $countersign keys generate | place signing-keys.json
echo "secrets/ is complete. Keep a copy of signing-keys.json where nobody else can read it."
