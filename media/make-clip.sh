#!/bin/sh
# Makes media/reference.webm: ten seconds of spoken words over room noise, and pictures that carry their own number.
#
# Needs Debian's espeak-ng, ffmpeg and python3. The result is committed, so nobody needs to run this but to change it.
set -eu
cd "$(dirname "$0")"
seconds=10
rate=30
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

espeak-ng -v en-gb -s 150 -w "$work/speech.wav" \
    "One. Two. Three. This is the reference clip of Offhook. The quick brown fox jumps over the lazy dog, \
while seven wizards quietly pack my box with five dozen liquor jugs. Four. Five. Six. Good bye."

# The noise is seeded, so that the same packages give the same clip.
ffmpeg -nostdin -loglevel error -y -i "$work/speech.wav" \
    -filter_complex "[0:a]aresample=48000,volume=0.8,apad,atrim=0:$seconds[s];
        anoisesrc=color=pink:amplitude=0.004:seed=7:sample_rate=48000:duration=$seconds[n];
        [s][n]amix=inputs=2:normalize=0[a]" \
    -map "[a]" -ac 1 "$work/audio.wav"

python3 make-clip.py $((seconds * rate)) |
    ffmpeg -loglevel error -y -f rawvideo -pix_fmt yuv420p -s 640x480 -r $rate -i - -i "$work/audio.wav" \
        -c:v libvpx -b:v 1400k -crf 8 -quality good -cpu-used 1 -g $rate -auto-alt-ref 0 -lag-in-frames 0 \
        -c:a libopus -b:a 64k -application voip -ac 1 \
        -map 0:v -map 1:a -fflags +bitexact -flags:v +bitexact -flags:a +bitexact reference.webm
ls -l reference.webm
