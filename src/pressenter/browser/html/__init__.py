"""HTML: bytes to characters, characters to tokens, tokens to the document tree."""
