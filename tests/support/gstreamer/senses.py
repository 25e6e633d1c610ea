"""What this peer sees and hears of the other side."""
import collections
import math
import time

# The test card's clock: 32 cells across the top, the low 32 bits of the Unix time in milliseconds, white for 1.
CELLS = 32
WHITE, BLACK = bytes([235]), bytes([16])
# Luma between these is no bit at all.
DOUBTFUL = range(96, 159)
CLOCK_ENDS = 1 << CELLS

BEEP_HZ = 1000
RATE_HZ = 8000
# 10 ms: ten waves of the beep, of 16-bit samples.
WINDOW = RATE_HZ // 100


# The rate of pictures is also told of so many seconds.
LATELY_S = 4


def unix_ms():
    return time.time_ns() // 1_000_000 % CLOCK_ENDS


def draw_clock(width):
    """The rows of luma that show this moment."""
    now, cell = unix_ms(), width // CELLS
    bits = (WHITE if now >> (CELLS - 1 - bit) & 1 else BLACK for bit in range(CELLS))
    return b"".join(bit * cell for bit in bits) * cell


def read_clock(row):
    """The time that a row of luma shows, or None where a cell is neither black nor white."""
    lumas = [row[(2 * cell + 1) * len(row) // (2 * CELLS)] for cell in range(CELLS)]
    if any(luma in DOUBTFUL for luma in lumas):
        return None
    return sum((luma > 127) << (CELLS - 1 - cell) for cell, luma in enumerate(lumas))


class Eye:
    """Counts pictures, and reads the clock of the test card from each."""

    def __init__(self):
        self.frames = self.unreadable = 0
        self.sizes, self.latencies = {}, []
        self.first = self.last = None
        self.lately = collections.deque()
        self.gap = 0.0

    def see(self, row, size):
        now = time.monotonic()
        self.gap = max(self.gap, now - (self.last or now))
        self.first, self.last = self.first or now, now
        self.frames += 1
        self.lately.append(now)
        self.sizes[size] = self.sizes.get(size, 0) + 1
        clock = read_clock(row)
        latency = (unix_ms() - (clock or 0)) % CLOCK_ENDS
        if clock is None or latency > 10_000:
            self.unreadable += 1
        else:
            self.latencies.append(latency)

    def rate_lately(self):
        while self.lately and self.lately[0] < time.monotonic() - LATELY_S:
            self.lately.popleft()
        return len(self.lately) / LATELY_S

    def report(self):
        seconds = (self.last or 0) - (self.first or 0)
        return {
            "frames": self.frames,
            "fps": (self.frames - 1) / seconds if seconds else None,
            "fps_lately": self.rate_lately(),
            "sizes": self.sizes,
            "unreadable": self.unreadable,
            "latency_ms": {"p50": sorted(self.latencies)[len(self.latencies) // 2] if self.latencies else None},
            "gap_ms": {"max": self.gap * 1000},
        }


class Ear:
    """Counts beeps of 1 kHz, and keeps the loudest window's level."""

    def __init__(self):
        self.rest, self.beeps, self.beeping, self.loudest = [], 0, False, 0.0

    def hear(self, samples):
        self.rest.extend(samples)
        while len(self.rest) >= WINDOW:
            window, self.rest = self.rest[:WINDOW], self.rest[WINDOW:]
            beeping = self.is_beep([sample / 32_768 for sample in window])
            self.beeps += beeping and not self.beeping
            self.beeping = beeping

    def is_beep(self, window):
        """Whether most of a window's power is at that pitch (Goertzel's algorithm)."""
        turn = 2 * math.cos(2 * math.pi * BEEP_HZ / RATE_HZ)
        last = before = 0.0
        for sample in window:
            last, before = sample + turn * last - before, last
        at_pitch = (last * last + before * before - turn * last * before) * 2 / WINDOW
        power = sum(sample * sample for sample in window)
        self.loudest = max(self.loudest, power / WINDOW)
        return power / WINDOW > 1e-4 and at_pitch > 0.7 * power

    def report(self):
        level = 10 * math.log10(self.loudest) if self.loudest else None
        return {"beeps": self.beeps, "level_db": level}
