"""Proof of the books: random lives of machines and office, what must hold after them, and judges that are not ours."""
