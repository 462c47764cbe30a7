"""Where the look comes from: design tokens, product drawings and the font subset."""
