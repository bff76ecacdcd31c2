#!/usr/bin/env python3
"""Writes the pictures of the reference clip to standard output, as raw I420, 640x480.

Every frame carries its number in a strip of light and dark cells along the top edge, so that a received frame is
identified beyond doubt: one light cell, one dark cell (the reader takes its threshold from these two), 16 bits of
frame number and 8 bits of CRC-8 (polynomial 0x07), most significant bits first. Below it, a still textured
background with a moving patch: enough motion for an encoder to work, enough detail for SSIM to mean something.

usage: make-clip.py FRAMES > clip.yuv
"""

import math
import sys

WIDTH, HEIGHT = 640, 480
STRIP_HEIGHT, CELLS = 32, 26
LIGHT, DARK = 224, 24
PATCH = 96


def crc8(number):
    """CRC-8 with polynomial x^8 + x^2 + x + 1 over the two octets of the frame number."""
    crc = 0
    for octet in (number >> 8, number & 0xFF):
        crc ^= octet
        for _ in range(8):
            crc = ((crc << 1) ^ 0x07 if crc & 0x80 else crc << 1) & 0xFF
    return crc


def strip_row(number):
    bits = [1, 0] + [number >> shift & 1 for shift in range(15, -1, -1)]
    check = crc8(number)
    bits += [check >> shift & 1 for shift in range(7, -1, -1)]
    row = bytearray(WIDTH)
    for x in range(WIDTH):
        row[x] = LIGHT if bits[x * CELLS // WIDTH] else DARK
    return row


def background():
    luma = bytearray(WIDTH * HEIGHT)
    for y in range(HEIGHT):
        for x in range(WIDTH):
            wave = 26 * math.sin(x / 31) * math.cos(y / 23)
            tile = 14 if (x // 40 + y // 40) % 2 else -14
            luma[y * WIDTH + x] = int(max(16, min(235, 70 + 90 * y / HEIGHT + wave + tile)))
    return luma


def patch_row(y, phase):
    return bytes(
        int(max(16, min(235, 128 + 80 * math.sin((x + 2 * y) / 9 + phase)))) for x in range(PATCH)
    )


def main():
    frames = int(sys.argv[1])
    still = background()
    chroma_u = bytes((110 + 30 * x // (WIDTH // 2)) for _ in range(HEIGHT // 2) for x in range(WIDTH // 2))
    chroma_v = bytes((150 - 30 * y // (HEIGHT // 2)) for y in range(HEIGHT // 2) for _ in range(WIDTH // 2))
    out = sys.stdout.buffer
    for number in range(frames):
        luma = bytearray(still)
        luma[0 : WIDTH * STRIP_HEIGHT] = strip_row(number & 0xFFFF) * STRIP_HEIGHT
        angle = 2 * math.pi * number / frames
        left = int((WIDTH - PATCH) / 2 * (1 + 0.9 * math.sin(3 * angle)))
        top = STRIP_HEIGHT + 8 + int((HEIGHT - STRIP_HEIGHT - PATCH - 16) / 2 * (1 + 0.9 * math.cos(2 * angle)))
        for y in range(PATCH):
            start = (top + y) * WIDTH + left
            luma[start : start + PATCH] = patch_row(y, 4 * angle)
        out.write(luma)
        out.write(chroma_u)
        out.write(chroma_v)


main()
