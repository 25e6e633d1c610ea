"""How well speech came through: speech.py SOURCE.wav HEARD.wav prints PESQ (wideband) and STOI as JSON.

The source is compared in pieces, each laid against what was heard where their loudness agrees best: the delay of a call
changes with the network, and neither score is meant for long recordings. PESQ bears small changes of delay within a
piece, as people do; STOI does not, so that it is taken of shorter ones.
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
STOI_PIECE_S = 2
# Around the delay of the whole: how much that of a piece may differ.
SLACK_S = 1.0
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


def quality(said, heard):
    score = pesq.pesq(RATE_HZ, said, heard, "wb", on_error=pesq.PesqError.RETURN_VALUES)
    return max(float(score), LOWEST_PESQ)


def clarity(said, heard):
    return float(np.nan_to_num(pystoi.stoi(said, heard, RATE_HZ)))


def judge(source, heard):
    spoken = np.flatnonzero(np.abs(source) > 1e-3)
    source = source[spoken[0] : spoken[-1] + 1]
    whole = delay(source, heard, RATE_HZ // 50, RATE_HZ // 1000)
    pesqs = [quality(*pair) for pair in laid(source, heard, whole, PIECE_S * RATE_HZ)]
    stois = np.array([clarity(*pair) for pair in laid(source, heard, whole, STOI_PIECE_S * RATE_HZ)])
    together = PIECE_S // STOI_PIECE_S
    return pesqs, stois[: len(pesqs) * together].reshape(-1, together).mean(axis=1)


def spread(values):
    return {"mean": float(np.mean(values)), "worst": float(np.min(values))}


def main():
    pesqs, stois = judge(*(read(path) for path in sys.argv[1:]))
    print(json.dumps({"pesq": spread(pesqs), "stoi": spread(stois), "pieces": len(pesqs)}))


main()
