"""Charts drawn with characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

EIGHTHS = " ▁▂▃▄▅▆▇█"


def area(values: Sequence[float], *, width: int = 72, height: int = 4) -> Iterator[str]:
    """Yield the lines of a chart from minimum to maximum; each column is the mean of its share of the values."""
    width = min(width, len(values))
    shares = [values[len(values) * column // width : len(values) * (column + 1) // width] for column in range(width)]
    means = [sum(share) / len(share) for share in shares]
    low, high = min(means, default=0), max(means, default=0)
    filled = [round((mean - low) / (high - low or 1) * height * 8) for mean in means]
    for row in reversed(range(height)):
        scale = high if row == height - 1 else low if row == 0 else None
        cells = (EIGHTHS[min(max(eighths - row * 8, 0), 8)] for eighths in filled)
        yield f"{'' if scale is None else f'{scale:,.4g}':>8} ┤{''.join(cells)}"
