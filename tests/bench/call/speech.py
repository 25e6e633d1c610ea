"""How well speech came through: speech.py SOURCE.wav HEARD.wav prints PESQ (wideband) and STOI as JSON.

The source is compared in pieces, each laid against what was heard where their loudness agrees best: the delay of a call
changes with the network, and neither score is meant for long recordings. PESQ bears small changes of delay within a
piece, as people do; STOI does not, so that for it each half second is laid on its own, by the wave itself.
"""
import json
import sys

import numpy as np
import pesq
import pystoi
from scipy.io import wavfile
from scipy.signal import correlate, resample_poly

RATE_HZ = 16_000
PIECE_S = 8
STOI_BLOCK_S = 0.5
# Correlation from which on the place of a block is believed; below it the one before holds.
ALIKE = 0.5
# Around the delay of the whole: how much that of a piece may differ.
SLACK_S = 1.5
# PESQ's lowest score, also where it finds no speech to judge.
LOWEST_PESQ = 1.0


def read(path):
    rate_hz, samples = wavfile.read(path)
    return resample_poly(samples / 32768.0, RATE_HZ, rate_hz)


def loudness(samples, window):
    """Mean of the absolute value around each sample; the phases of the wave do not matter. Without its mean."""
    around = np.convolve(np.abs(samples), np.ones(window) / window, mode="same")
    return around - around.mean()


def delay(said, heard, window, step):
    """Where in `heard` the sound `said` begins, in samples; looked for at every `step`th."""
    match = correlate(loudness(heard, window)[::step], loudness(said, window)[::step], method="fft")
    return step * (int(np.argmax(match)) - (len(said) - 1) // step)


def cut(samples, start, length):
    """So many samples from `start` on; silence where there are none."""
    padded = np.concatenate([np.zeros(max(-start, 0)), samples[max(start, 0) :], np.zeros(length)])
    return padded[:length]


def laid(source, heard, whole, length):
    """Pieces of the source of so many samples, each with what was heard of it; `whole` is the delay of all."""
    slack = int(SLACK_S * RATE_HZ)
    for start in range(0, len(source) - length + 1, length):
        said = source[start : start + length]
        near = cut(heard, start + whole - slack, length + 2 * slack)
        yield said, cut(near, delay(said, near, RATE_HZ // 500, 1), length)


def likeness(part, whole):
    """Correlation coefficients of `part` with `whole` from each place on."""
    energy = np.concatenate(([0.0], np.cumsum(whole**2)))
    energy = (energy[len(part) :] - energy[: -len(part)]) * np.sum(part**2)
    return correlate(whole, part, "valid", "fft") / np.sqrt(np.maximum(energy, 1e-9))


def laid_by_blocks(source, heard, whole, length):
    """As `laid`, but each block of what was heard is moved to where it was said."""
    slack, block = int(SLACK_S * RATE_HZ), int(STOI_BLOCK_S * RATE_HZ)
    late = slack
    for start in range(0, len(source) - length + 1, length):
        said, blocks = source[start : start + length], []
        for at in range(0, length, block):
            near = cut(heard, start + at + whole - slack, block + 2 * slack)
            alike = likeness(said[at : at + block], near)
            if alike.max() > ALIKE:
                late = int(alike.argmax())
            blocks.append(cut(near, late, block))
        yield said, np.concatenate(blocks)


def quality(said, heard):
    score = pesq.pesq(RATE_HZ, said, heard, "wb", on_error=pesq.PesqError.RETURN_VALUES)
    return max(float(np.nan_to_num(score)), LOWEST_PESQ)


def clarity(said, heard):
    return float(np.nan_to_num(pystoi.stoi(said, heard, RATE_HZ)))


def judge(source, heard):
    spoken = np.flatnonzero(np.abs(source) > 1e-3)
    source = source[spoken[0] : spoken[-1] + 1]
    whole = delay(source, heard, RATE_HZ // 50, RATE_HZ // 1000)
    pesqs = [quality(*pair) for pair in laid(source, heard, whole, PIECE_S * RATE_HZ)]
    stois = [clarity(*pair) for pair in laid_by_blocks(source, heard, whole, PIECE_S * RATE_HZ)]
    return pesqs, stois


def spread(values):
    return {"mean": float(np.mean(values)), "worst": float(np.min(values))}


def main():
    pesqs, stois = judge(*(read(path) for path in sys.argv[1:]))
    print(json.dumps({"pesq": spread(pesqs), "stoi": spread(stois), "pieces": len(pesqs)}))


main()
