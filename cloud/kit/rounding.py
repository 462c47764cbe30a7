"""Whole numbers out of fractions: no float touches money. Pure."""


def half_up(numerator: int, denominator: int) -> int:
    """Nearest whole number of a non-negative fraction, halves up."""
    return (2 * numerator + denominator) // (2 * denominator)


def hundredths_text(value: int) -> str:
    """Hundredths as a decimal: 8350 is "83.50"."""
    sign = "-" if value < 0 else ""
    return f"{sign}{abs(value) // 100}.{abs(value) % 100:02d}"
