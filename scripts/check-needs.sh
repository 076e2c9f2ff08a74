#!/bin/sh
# Says what the machine lacks, and how to get it, before anything is installed or started.
# usage: check-needs.sh node | run
# Prints how the stack is to be run: local, docker, or given. Exits with 1 when that is not possible.
set -u
missing=""
need() { missing="$missing
  $1: $2"; }
have() { command -v "$1" >/dev/null 2>&1; }
fail() { printf 'This machine lacks what the playground needs:%s\n%s' "$missing" "${1:-}" >&2; exit 1; }

if ! have node || [ "$(node -p 'parseInt(process.versions.node)' 2>/dev/null || echo 0)" -lt 20 ]; then
  need "Node >= 20" "https://nodejs.org, or your package manager (Debian: apt-get install nodejs npm)"
fi
have npm || need "npm" "it comes with Node (Debian: apt-get install npm)"
[ -z "$missing" ] || fail
[ "${1:-run}" = run ] || { echo local; exit 0; }

# Addresses that are given win; what is given need not be started.
if [ -n "${KAFKA_BROKERS:-}" ] && [ -n "${SCHEMA_REGISTRY_URL:-}" ]; then echo given; exit 0; fi

java_major=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1)
[ "${java_major:-0}" -ge 17 ] || need "Java >= 17" "https://adoptium.net, or your package manager (Debian: apt-get install openjdk-17-jre-headless)"
have mvn || need "Maven" "https://maven.apache.org, or your package manager (Debian: apt-get install maven)"
if [ -z "$missing" ]; then echo local; exit 0; fi
if have docker && docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; then echo docker; exit 0; fi
fail "A docker engine that answers would do as well. Without any of them there is the embedded mode, which needs
Node alone and keeps nothing:  make run EMBEDDED=1
"
