"""What a document means that declares no resources: its paths, schemas and names, read as our own keys.

A pure function from the normal form to the normal form; what the document declares itself is kept. Every inference is
an assumption of the contract.
"""

from __future__ import annotations

from understudy.document.infer.model import KINDS, Alternative, ExamplesOnly, Inference, Inferred, Json, Key

__all__ = ["KINDS", "Alternative", "ExamplesOnly", "Inference", "Inferred", "Key", "infer"]


def infer(document: Json, name: str) -> Inferred:
    """What is inferred of the normal form of a document whose API has this name."""
    return Inferred(document, (), ())
