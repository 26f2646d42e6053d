"""Which member of a record holds its id, what shape ids have, and whether the client chooses them.

Must not know operations.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from understudy.document.infer.schemas import Member, Schemas
from understudy.document.infer.words import plain, words
from understudy.document.pointer import at

Json = Any
_IDS = ("id", "uuid", "guid", "uid", "sid", "identifier", "oid", "_id")
_NATURAL = ("slug", "key", "name", "code", "username", "login", "handle", "email", "token", "number", "ref",
            "reference", "domain", "hostname", "alias", "label")  # fmt: skip
_HOLDERS = ("metadata", "attributes", "data", "properties", "info", "meta", "header", "general", "core")
_ALPHABETS = (  # with letters that stand for all of them
    ("base62", "09azAZ"),
    ("base36", "09az"),
    ("hex", "0123456789abcdef"),
    ("letters", "azAZ"),
    ("lowercase", "abyz"),
    ("digits", "0123456789"),
    ("capitals", "ABYZ"),
)
_FORMS = ("email", "uri", "url", "date", "date-time", "hostname", "ipv4", "ipv6", "time", "uri-reference", "duration")
_UUID = re.compile("[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_PREFIXED = re.compile(r"([A-Za-z][A-Za-z0-9]*(?:[_-][A-Za-z]+)*[_-])([A-Za-z0-9]{6,64})")
_CLASS = re.compile(r"\[(?:[^\]\\]|\\.)*\]|\\d|\\w|\.")
_COUNT = re.compile(r"\{(\d+)(?:,(\d*))?\}|[+*?]")


class Key(NamedTuple):
    """The member that holds the id (None: the record does not show it), why, and another one that is as good.

    `named` is whether the path parameter has its name.
    """

    member: str | None
    reason: str
    other: str | None = None
    named: bool = False


def key_of(schemas: Schemas, record: Json, parameter: str, kinds: frozenset[str], noun: str) -> Key:
    """The member of a record that a path parameter of these types names; `noun` is what the collection holds.

    Where the record has none, it may stand below a member that holds such things; the key is a JSON pointer then.
    """
    found = _key_of(schemas, record, parameter, kinds, noun)
    for name, member in schemas.members(record).items() if found.member is None else ():
        if plain(name) in _HOLDERS and not schemas.is_list(member.schema):
            inner = _key_of(schemas, member.schema, parameter, kinds, noun)
            if inner.member is not None and (inner.named or plain(inner.member) in _IDS):
                return Key(f"{at(name)}{at(inner.member)}", inner.reason)
    return found


def key_schema(schemas: Schemas, record: Json, key: str | None) -> Json | None:
    """The schema of the member or the place that holds the id; None where a schema does not have it."""
    if key is None:
        return None
    schema = record
    for name in key[1:].split("/") if key.startswith("/") else [key]:
        member = schemas.members(schema).get(name.replace("~1", "/").replace("~0", "~"))
        if member is None:
            return None
        schema = member.schema
    return schema


def _key_of(schemas: Schemas, record: Json, parameter: str, kinds: frozenset[str], noun: str) -> Key:
    members = {
        name: member
        for name, member in schemas.members(record).items()
        if schemas.is_scalar(member.schema) or not schemas.kinds(member.schema)
    }
    by_name: dict[str, str] = {}
    for name in members:
        by_name.setdefault(plain(name), name)
    wanted = plain(re.sub(r"(?i:_or_.*)|Or[A-Z].*", "", parameter))
    last = words(parameter)[-1] if words(parameter) else ""
    ranked: list[tuple[str, str]] = [(wanted, f"the path names it {{{parameter}}}")]
    if noun and wanted.startswith(noun) and wanted != noun:
        ranked.append((wanted[len(noun) :], f"the path names it {{{parameter}}}, of a {noun}"))
    ranked += [(last, f"{{{parameter}}} ends with it")] if last in (*_IDS, *_NATURAL) else []
    ends = ["".join(words(parameter)[place:]) for place in range(1, len(words(parameter)) - 1)]
    ranked += [(one, f"{{{parameter}}} ends with it") for one in ends]
    ranked += [(plain(one), "that is what an id is called") for one in _IDS]
    ranked += [(f"{noun}{one}", f"it is the {one} of a {noun}") for one in ("id", "uuid", "sid", "uid", "key", "code")]
    ranked += [(plain(one), "nothing else names a record") for one in _NATURAL if wanted in (noun, plain(one))]
    longer = [name for name in by_name if name.endswith(wanted) and wanted.endswith(("id", "code", "key"))]
    ranked += [(longer[0], f"it ends with {{{parameter}}}")] if len(longer) == 1 and len(wanted) > 2 else []
    fitting = [
        (by_name[name], why)
        for name, why in ranked
        if name in by_name and _same_type(schemas, members, by_name[name], kinds, named=name == wanted)
    ]
    if not fitting:
        return Key(None, "no member of the record is called like an id")
    member, why = fitting[0]
    others = [name for name, _ in fitting if name != member and plain(name) in _IDS]
    tied = plain(member) != wanted and plain(member) in _IDS and bool(others)
    named = plain(member) in (wanted, wanted.removeprefix(noun))
    return Key(member, why, others[0] if tied else None, named)


def shape_of(schemas: Schemas, member: Json, parameter: Json) -> str:
    """The shape of ids that fit a member and a path parameter."""
    kinds = schemas.kinds(member) if member is not None else schemas.kinds(parameter)
    if kinds & {"integer", "number"} and "string" not in kinds:
        return "{number}"
    if schemas.kinds(parameter) & {"integer", "number"}:
        return "{number}"
    for schema in (one for one in (member, parameter) if one is not None):
        pattern = schemas.first(schema, "pattern")
        made = shape_of_pattern(pattern) if isinstance(pattern, str) else None
        if made is not None and _has_length(schemas, schema, made):
            return made
        if schema is member and _is_bound(schemas, schema):
            return "{schema}"
    if any(one is not None and schemas.first(one, "format") == "uuid" for one in (member, parameter)):
        return "{uuid}"
    return _by_example(schemas, member) or _by_length(schemas, member, parameter)


def _is_bound(schemas: Schemas, member: Json) -> bool:
    """Whether the texts of a member must be of some form that a shape cannot tell."""
    form = schemas.first(member, "format")
    bound = any(schemas.first(member, key) is not None for key in ("pattern", "enum", "const"))
    return bound or (isinstance(form, str) and form in _FORMS)


def _has_length(schemas: Schemas, member: Json, shape: str) -> bool:
    """Whether the ids of a shape are as long as a member allows."""
    places = re.findall(r"\{[a-z0-9]+:([0-9]+)\}", shape)
    length = sum(map(int, places)) + len(re.sub(r"\{[^}]*\}", "", shape))
    least, most = schemas.first(member, "minLength") or 0, schemas.first(member, "maxLength")
    return bool(length >= least and (most is None or length <= most))


def _same_type(
    schemas: Schemas, members: Mapping[str, Member], name: str, kinds: frozenset[str], *, named: bool
) -> bool:
    """Whether a member may have the types of the path parameter: a text may name a number.

    The other way only where it is `named` just like the parameter: its texts are numbers then.
    """
    own = schemas.kinds(members[name].schema)
    if named and own == {"string"} and kinds <= {"integer", "number"}:
        return True
    if "boolean" in own and len(own) == 1:
        return False
    return not own or not kinds or bool(own & kinds) or kinds == {"string"} or {"integer", "number"} >= (own | kinds)


def _by_example(schemas: Schemas, member: Json) -> str | None:
    """The shape that the first example of a member has: a UUID, or a prefix before letters and digits."""
    examples = schemas.first(member, "examples") if member is not None else None
    text = next((one for one in examples or () if isinstance(one, str)), "")
    if _UUID.fullmatch(text):
        return "{uuid}"
    if re.fullmatch("[0-9]{1,18}", text):
        return "{number}"
    found = _PREFIXED.fullmatch(text)
    if found and re.search("[0-9]", found[2]):
        return f"{found[1]}{{{_alphabet(found[2])}:{len(found[2])}}}"
    if re.fullmatch("[0-9a-f]{16,64}", text):
        return f"{{hex:{len(text)}}}"
    return None


def _alphabet(text: str) -> str:
    if re.fullmatch("[0-9a-f]+", text):
        return "hex"
    return "base36" if re.fullmatch("[0-9a-z]+", text) else "base62"


def _by_length(schemas: Schemas, member: Json, parameter: Json) -> str:
    known = [schemas.first(one, "maxLength") for one in (member, parameter) if one is not None]
    least = [schemas.first(one, "minLength") for one in (member, parameter) if one is not None]
    most = min((one for one in known if isinstance(one, int)), default=64)
    if most == 36 and any(one == 36 for one in least):
        return "{uuid}"
    length = max(20, *(one for one in least if isinstance(one, int)), 0)
    return f"{{base62:{max(1, min(length, most, 64))}}}"


def shape_of_pattern(pattern: str) -> str | None:
    """The shape of texts that match a pattern of literals and classes; None for any other pattern."""
    rest = pattern.removeprefix("^").removesuffix("$")
    rest = rest[1:-1] if re.fullmatch(r"\([^()?][^()]*\)", rest) else rest
    made = ""
    while rest:
        found = _CLASS.match(rest)
        if found:
            alphabet = _alphabet_of(found[0])
            rest = rest[found.end() :]
            count = _COUNT.match(rest)
            rest = rest[count.end() :] if count else rest
            length = _length(count)
            if length is None or (alphabet is None and length):
                return None
            made += f"{{{alphabet}:{length}}}" if length else ""
        elif re.match(r"\\?[A-Za-z0-9_:@/ -]|\\[.-]", rest) and not re.match(r"\\[A-Za-z0-9]", rest):
            literal = rest[1] if rest[0] == "\\" else rest[0]
            rest = rest[2 if rest[0] == "\\" else 1 :]
            if _COUNT.match(rest):
                return None
            made += literal
        else:
            return None
    return made if "{" in made else None


def _alphabet_of(text: str) -> str | None:
    """An alphabet whose letters all match a class; None without one."""
    for name, sample in _ALPHABETS:
        try:
            if all(re.fullmatch(text, letter) for letter in sample):
                return name
        except re.error:
            return None
    return None


def _length(count: re.Match[str] | None) -> int | None:
    """A length that a quantifier allows."""
    if count is None:
        return 1
    if count[1] is None:
        return {"+": 20, "*": 20, "?": 0}[count[0]]
    least, most = int(count[1]), count[2]
    if most is None:
        length = least
    else:
        length = max(least, min(20, int(most) if most else 20))
    return length if length <= 64 else None
