"""Line plots as plain SVG, without a plotting library."""

from xml.sax.saxutils import escape

WIDTH, HEIGHT, MARGIN = 640, 320, 48
PALETTE = ("#2f6f8f", "#c2603a", "#5a8f3c", "#8a5fa8", "#b8902a")


def line_plot(series, title):
    """Draw `{name: [(step, value), ...]}` on shared axes and return the SVG text."""
    points = [point for values in series.values() for point in values]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    if points:
        xs = _bounds(x for x, _ in points)
        ys = _bounds(y for _, y in points)
        parts += _axes(xs, ys)
        for index, (name, values) in enumerate(series.items()):
            colour = PALETTE[index % len(PALETTE)]
            path = " ".join(_place(x, y, xs, ys) for x, y in values)
            parts.append(f'<polyline fill="none" stroke="{colour}" points="{path}"/>')
            parts.append(
                f'<text x="{WIDTH - MARGIN}" y="{16 + 14 * index}" text-anchor="end" '
                f'fill="{colour}">{escape(name)}</text>'
            )
    parts.append("</svg>")
    return "\n".join(parts)


def _axes(xs, ys):
    bottom, right = HEIGHT - MARGIN, WIDTH - MARGIN
    return [
        f'<path d="M{MARGIN} {MARGIN}V{bottom}H{right}" fill="none" stroke="#333"/>',
        f'<text x="{MARGIN}" y="{bottom + 16}" fill="#333">{xs[0]:g}</text>',
        f'<text x="{right}" y="{bottom + 16}" fill="#333" text-anchor="end">{xs[1]:g}</text>',
        f'<text x="{MARGIN - 6}" y="{bottom}" fill="#333" text-anchor="end">{ys[0]:.3g}</text>',
        f'<text x="{MARGIN - 6}" y="{MARGIN}" fill="#333" text-anchor="end">{ys[1]:.3g}</text>',
    ]


def _bounds(numbers):
    numbers = list(numbers)
    low, high = min(numbers), max(numbers)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _place(x, y, xs, ys):
    across = (x - xs[0]) / (xs[1] - xs[0])
    up = (y - ys[0]) / (ys[1] - ys[0])
    left = MARGIN + across * (WIDTH - 2 * MARGIN)
    top = HEIGHT - MARGIN - up * (HEIGHT - 2 * MARGIN)
    return f"{left:.1f},{top:.1f}"
