"""Names in documents: their words, singular and plural, and when two of them are the same.

Must not know what is named.
"""

from __future__ import annotations

import re
from functools import lru_cache

_IRREGULAR = {"people": "person", "children": "child", "men": "man", "women": "woman", "indices": "index",
              "indexes": "index", "statuses": "status", "data": "data", "media": "media", "addresses": "address",
              "aliases": "alias", "movies": "movie", "series": "series", "news": "news", "caches": "cache",
              "databases": "database", "cases": "case", "bases": "base", "phases": "phase", "purchases": "purchase",
              "leases": "lease", "licenses": "license", "invoices": "invoice", "responses": "response",
              "expenses": "expense", "courses": "course", "houses": "house", "warehouses": "warehouse",
              "releases": "release", "cookies": "cookie"}  # fmt: skip


@lru_cache(maxsize=4096)
def words(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case: `petId`, `pet_id` and `pet-id` are `pet` and `id`."""
    spaced = re.sub(r"([a-z0-9])([A-Z])|([A-Z]+)([A-Z][a-z])", r"\1\3 \2\4", name)
    return tuple(re.findall(r"[a-z0-9]+", spaced.lower()))


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """A name without case, hyphens and underscores."""
    return re.sub("[^a-z0-9]", "", name.lower())


@lru_cache(maxsize=4096)
def singular(word: str) -> str:
    """The singular of a word, in lower case; the word itself where it is none."""
    word = word.lower()
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if re.search("(ss|x|z|ch|sh|us)es$", word):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def thing(name: str) -> str:
    """What a collection of this name holds one of, as plain text: `user-groups` holds a `usergroup`."""
    known = words(name)
    return "".join((*known[:-1], singular(known[-1]))) if known else ""


def same_thing(first: str, second: str) -> bool:
    """Whether two names are of the same kind of thing, in singular or plural."""
    return bool(first) and thing(first) == thing(second)


def slug(text: str) -> str:
    """A text as a part of an assumption's id."""
    return "-".join(words(text)) or "root"
