"""Which paths belong together: a collection and the items below it, by the paths alone.

Must not know what stands in a body.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from understudy.document.infer.operations import Op, Path, path_of
from understudy.document.infer.words import same_thing, singular, words
from understudy.document.paths import shape_of


@dataclass(slots=True)
class Family:
    """The paths of one kind of record: the path of an item, of the collection, and further collections of the same.

    `word` is what the path calls the collection, `parameter` the path parameter that names an item.
    """

    word: str
    item: Path | None
    collection: Path | None
    more: list[Path] = field(default_factory=list)

    @property
    def parameter(self) -> str:
        """The path parameter that names an item; empty without items."""
        return (self.item.parameter or "") if self.item is not None else ""

    @property
    def root(self) -> str:
        """The path that stands for the family in texts."""
        path = self.collection or self.item
        assert path is not None, "a family has a path"
        return path.text


def families(by_path: Mapping[str, Sequence[Op]], is_collection: Callable[[Sequence[Op]], bool]) -> list[Family]:
    """The families of the paths of a document, each path in one of them at most, in the document's order.

    `is_collection` tells of the operations on a path that ends with a parameter whether they are on many items, where
    another parameter follows: `/tags/{owner}` before `/tags/{owner}/{name}`.
    """
    paths = {text: path_of(text) for text in by_path}
    collections = {_shape(path.text): path for path in paths.values() if path.parameter is None}
    found: list[Family] = []
    taken: set[str] = set()
    read = (path for path in paths.values() if any(op.method == "get" for op in by_path[path.text]))
    heads = {path.head for path in read if path.parameter is not None and path.head.endswith("}")}
    open_ends = {head: paths[head] for head in heads if head in paths and is_collection(by_path[head])}
    for path in paths.values():
        if path.parameter is None or path.text in open_ends:
            continue
        collection = open_ends.get(path.head) or _collection(path, collections, paths)
        family = Family(_word(path.head), path, collection)
        taken |= {path.text} | ({collection.text} if collection else set())
        found.append(family)
    alone = [one for one in paths.values() if one.parameter is None and one.text not in taken]
    both = [one for one in alone if {"get", "post"} <= {op.method for op in by_path[one.text]}]
    return [*found, *(Family(one.last or "root", None, one) for one in both)]


def _collection(item: Path, collections: Mapping[str, Path], all: Collection[str]) -> Path | None:
    """The path of the collection that an item is in: the one above it, or its twin in the singular or the plural."""
    own = collections.get(_shape(item.head + item.suffix)) or collections.get(_shape(item.head))
    if own is not None or not item.head:
        return own
    above, _, word = item.head.rpartition("/")
    while word.startswith("{") and above and item.head not in all:  # two parameters name an item together
        above, _, word = above.rpartition("/")
        known = collections.get(_shape(f"{above}/{word}"))
        if known is not None:
            return known
    for path in collections.values():
        if _shape(path.head) == _shape(above) and path.last != word and same_thing(path.last, word):
            return path
    return None


def _word(head: str) -> str:
    """The last word of a path that is no parameter."""
    for part in reversed(head.split("/")):
        if part and not part.startswith("{"):
            return re.sub(r"\.(json|xml)$", "", part)
    return "root"


def _shape(path: str) -> str:
    """A path without the names of its parameters, and without a slash at its end."""
    return re.sub(r"\{[^{}/]*\}", "{}", path.rstrip("/"))


def owner_of(parameter: str, family_path: str, items: Mapping[str, Family]) -> Family | None:
    """The family whose item a path goes on from at a parameter."""
    head, found, _ = family_path.partition(f"{{{parameter}}}")
    return items.get(shape_of(head + found))


def items_of(all: Iterable[Family]) -> dict[str, Family]:
    """The families by the shape of their items' paths."""
    return {shape_of(one.item.text): one for one in all if one.item is not None}


def names_for(all: Sequence[Family]) -> list[str]:
    """A name for each family: its word, with that of its parent where two have the same."""
    texts = ["-".join(words(one.word)) or "root" for one in all]
    names: list[str] = []
    for one, text in zip(all, texts, strict=True):
        path = one.root
        above = [part for part in path.split("/")[:-1] if part and not part.startswith("{") and part != one.word]
        name = text
        while (texts.count(text) > 1 and name == text and above) or name in names:
            if not above:
                name = f"{text}-{sum(known.startswith(text) for known in names) + 1}"
                break
            name = "-".join((*words(singular(above.pop())), name))
        names.append(name)
    return names
