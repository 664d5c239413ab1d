"""The pages of docs/reference that `make docs` writes, each made of what the code itself reads. They return text."""
