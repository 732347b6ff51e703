# SPDX-License-Identifier: Apache-2.0
"""Charts as SVG, without a library: horizontal bars in groups, and points on logarithmic axes."""
import math
from xml.sax.saxutils import escape

COLOURS = ["#9aa5b1", "#6b8ba4", "#40617f", "#d1495b", "#edae49", "#66a182"]
FONT = 'font-family="Helvetica, Arial, sans-serif"'


def text(x, y, content, size=12, anchor="start", colour="#222", weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}" '
            f'font-weight="{weight}">{escape(content)}</text>')


def document(width, height, parts):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'{FONT}>\n<rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(parts) + "\n</svg>\n")


def number(value):
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def grouped(groups, series, title, subtitle):
    """`groups`: (name, [(series, value)]); the longest bar of every group has the same length."""
    width, left, longest, bar, gap = 760, 120, 430, 16, 18
    colours = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(series)}
    parts = [text(16, 26, title, 16, weight="bold"), text(16, 46, subtitle, 12, colour="#555")]
    y = 66
    for name, bars in groups:
        parts.append(text(left - 12, y + len(bars) * bar / 2 + 4, name, 13, "end", weight="bold"))
        largest = max((value for _, value in bars), default=1)
        for label, value in bars:
            length = max(1, longest * value / largest)
            parts.append(f'<rect x="{left}" y="{y:.1f}" width="{length:.1f}" height="{bar - 2}" fill="{colours[label]}"/>')
            parts.append(text(left + length + 6, y + bar - 5, f"{number(value)}  {label}", 11, colour="#333"))
            y += bar
        y += gap
    return document(width, y + 4, parts)


class LogAxes:
    """Positions on two logarithmic axes, and their grid."""

    def __init__(self, x_range, y_range, x_label, y_label, box=(80, 70, 560, 360)):
        self.x_range, self.y_range, self.box = x_range, y_range, box
        self.x_label, self.y_label = x_label, y_label

    def x(self, value):
        low, high = (math.log10(v) for v in self.x_range)
        return self.box[0] + self.box[2] * (math.log10(value) - low) / (high - low)

    def y(self, value):
        low, high = (math.log10(v) for v in self.y_range)
        return self.box[1] + self.box[3] * (1 - (math.log10(value) - low) / (high - low))

    def grid(self):
        left, top, width, height = self.box
        parts = []
        for axis, (low, high) in (("x", self.x_range), ("y", self.y_range)):
            for power in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1):
                value = 10.0 ** power
                label = f"{value:g}"
                if axis == "x":
                    x = self.x(value)
                    parts.append(f'<path d="M{x:.1f} {top}v{height}" stroke="#ddd"/>')
                    parts.append(text(x, top + height + 18, label, 11, "middle", "#555"))
                else:
                    y = self.y(value)
                    parts.append(f'<path d="M{left} {y:.1f}h{width}" stroke="#ddd"/>')
                    parts.append(text(left - 8, y + 4, label, 11, "end", "#555"))
        parts.append(f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="none" stroke="#888"/>')
        parts.append(text(left + width / 2, top + height + 40, self.x_label, 12, "middle"))
        parts.append(f'<g transform="translate(22 {top + height / 2}) rotate(-90)">{text(0, 0, self.y_label, 12, "middle")}</g>')
        return parts

    def line(self, points, colour, dashes=""):
        path = "M" + "L".join(f"{self.x(x):.1f} {self.y(y):.1f}" for x, y in points)
        dash = f' stroke-dasharray="{dashes}"' if dashes else ""
        return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.6"{dash}/>'

    def points(self, points):
        """`points`: (x, y, colour, label); a label goes where it covers nothing, if there is such a place."""
        places = [(self.x(x), self.y(y), colour, label) for x, y, colour, label in points]
        taken = [(x - 5, y - 5, x + 5, y + 5) for x, y, _, _ in places]
        parts = []
        for x, y, colour, label in places:
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}"/>')
            width = 6.3 * len(label)
            boxes = [(left, y + up - 6, left + width, y + up + 6) for left, up in
                     ((x + 8, 0), (x - 8 - width, 0), (x - width / 2, -13), (x - width / 2, 13), (x - width / 2, -26))]
            free = [box for box in boxes if not any(overlap(box, other) for other in taken)]
            box = (free or boxes)[0]
            taken.append(box)
            parts.append(text(box[0], box[3] - 2, label, 11))
        return parts


def overlap(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
