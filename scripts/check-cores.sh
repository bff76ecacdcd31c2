#!/bin/sh
# The protocol and media cores do no I/O, read no clock, draw no randomness of their own (docs/architecture.md).
set -eu
cd "$(dirname "$0")/.."

cores="SansIO Digests MediaTypes NetworkSimulation SIPMessages SDP SIPStack STUN ICE DTLS SRTP RTP MediaTransport \
Codecs MediaQuality MediaGraph"
pattern='^ *(public |package |internal )?import (Foundation|FoundationEssentials|Dispatch|Glibc|NIO[A-Za-z]*)$'
pattern="$pattern|Date\(\)|ContinuousClock|SuspendingClock|SystemRandomNumberGenerator\(\)|(^|[^A-Za-z.])print\("

status=0
for core in $cores; do
    [ -d "Sources/$core" ] || continue
    if grep -rnE "$pattern" "Sources/$core" --include='*.swift' | grep -vE ':[0-9]+: *///?'; then
        status=1
    fi
done
[ "$status" = 0 ] || echo "check-cores: the lines above do not belong in a core" >&2
exit "$status"
