"""Layout: styled document to box tree, box tree to fragments with places and sizes."""
