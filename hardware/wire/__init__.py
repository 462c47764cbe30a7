"""Pure frame codecs and the links that carry bytes."""
