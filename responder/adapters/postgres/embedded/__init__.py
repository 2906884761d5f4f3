"""A PostgreSQL of our own: its programs come from a wheel, everything else is here."""
