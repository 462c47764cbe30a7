"""What is taken along on a phone: QR codes."""

import segno

from edge.screens.views import Code


def qr_code(says: str, caption: str) -> Code:
    """A code that a phone still reads with a seventh of it dirty (level M)."""
    matrix = segno.make(says, error="m", micro=False).matrix
    return Code(says, tuple("".join("1" if module else "0" for module in row) for row in matrix), caption)
