"""The session that each witness records: GET, PUT, GET of an owner that was there before, and one that is made."""

from __future__ import annotations

import os

import requests


def run(base: str, key: str, proxies: dict[str, str] | None = None) -> list[str]:
    """Run the session; returns the names that the answers have."""
    names: list[str] = []
    with requests.Session() as client:
        client.trust_env = False
        client.proxies = proxies or {}
        client.headers["X-Key"] = key
        names.append(client.get(f"{base}/owners/1", timeout=30).json()["name"])
        names.append(client.put(f"{base}/owners/1", json={"name": "Tim"}, timeout=30).json()["name"])
        names.append(client.get(f"{base}/owners/1", timeout=30).json()["name"])
        made = client.post(f"{base}/owners", json={"name": "Zoë"}, timeout=30).json()
        names += [client.get(f"{base}/owners/{made['id']}", timeout=30).json()["name"]]
        names.append(str(len(client.get(f"{base}/owners", timeout=30).json())))
    return names


if __name__ == "__main__":
    url = os.environ["UNDERSTUDY_PROXY"]
    run(os.environ["OWNERS_URL"], os.environ["OWNERS_KEY"], {"http": url, "https": url})
