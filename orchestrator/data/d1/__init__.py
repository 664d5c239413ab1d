"""A D1 database's contents: read exactly, kept as a SQLite file, written back with nothing lost, doubled or changed.

`values` are SQLite's values as they travel; `schema` is what a database is made of; `source` reads one over the API;
`copy` is the file; `order` and `writing` say how rows go back; `restoring` does it; `scratch` is a database on this
machine that stands for D1; `contents` is what the commands use.
"""
