"""D1: databases, and the statements run on them."""
