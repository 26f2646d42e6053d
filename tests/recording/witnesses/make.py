"""Makes the witness files anew: by VCR.py, pytest-recording, mitmproxy, and Chromium through Playwright.

Run by `make browser`, part of no gate. The tools go into an environment below `build/`; the browser is the one that
CHROMIUM names, else the machine's, else Playwright's own. Keys are masked and the port is 8629 in what is kept.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
BUILD = ROOT / "build" / "witnesses"
sys.path[:0] = [str(HERE)]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
OWN_BROWSER = {"PLAYWRIGHT_BROWSERS_PATH": str(BUILD / "browsers")}
TOOLS = ("pytest-recording", "requests", "mitmproxy", "playwright")
MASKED = "masked-" + "0" * 23 + "1"

PYTEST = """
import os, pytest, session

@pytest.fixture(scope="module")
def vcr_config():
    return {"filter_headers": [("x-key", "MASKED")]}

@pytest.mark.vcr
def test_session():
    session.run(os.environ["OWNERS_URL"], os.environ["OWNERS_KEY"])
"""

BROWSER = """
import os, sys
from playwright.sync_api import sync_playwright

FETCHES = '''async ([base, key]) => {
  const ask = (method, path, body) => fetch(base + path, {
    method, headers: {"X-Key": key, ...(body ? {"Content-Type": "application/json"} : {})},
    body: body && JSON.stringify(body)}).then(answer => answer.json());
  await ask("GET", "/owners/1");
  await ask("PUT", "/owners/1", {name: "Tim"});
  await ask("GET", "/owners/1");
  const made = await ask("POST", "/owners", {name: "Zo\\u00eb"});
  await ask("GET", "/owners/" + made.id);
  return (await ask("GET", "/owners")).length;
}'''
base, out = os.environ["OWNERS_URL"], sys.argv[1]
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"] or None, args=["--no-sandbox"])
    context = browser.new_context(record_har_path=out, record_har_content="embed")
    page = context.new_page()
    page.goto(base.rpartition("/")[0] + "/")
    print(page.evaluate(FETCHES, [base, os.environ["OWNERS_KEY"]]))
    context.close()
    browser.close()
"""


def tools() -> Path:
    """The environment of the tools, made once."""
    folder = BUILD / "env"
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        if subprocess.run([python, "-m", "pip", "install", "--quiet", *TOOLS], check=False).returncode:
            raise SystemExit(f"make browser: pip cannot install {', '.join(TOOLS)}; what it says stands above")
        (folder / "ready").touch()
    return folder / "bin"


def environment(url: str, key: str) -> dict[str, str]:
    """The variables that a tool finds the mock by."""
    known = {name: text for name, text in os.environ.items() if "PROXY" not in name.upper()}
    return {**known, "OWNERS_URL": url, "OWNERS_KEY": key, "PYTHONPATH": str(HERE)}


def by_vcr(url: str, key: str) -> None:
    """A cassette of VCR.py around a client of requests."""
    import session
    import vcr

    file = BUILD / "vcr.yaml"
    file.unlink(missing_ok=True)
    with vcr.use_cassette(str(file)):
        session.run(url, key)
    keep("vcr.yaml", file.read_text(), url, key)


def by_pytest(url: str, key: str) -> None:
    """The cassette of a test with pytest-recording."""
    folder = BUILD / "pytest"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "test_owners.py").write_text(PYTEST.replace("MASKED", MASKED))
    command = [tools() / "python", "-m", "pytest", "-q", "--record-mode=once", "-c", "/dev/null", folder]
    subprocess.run(command, check=True, env=environment(url, key), cwd=folder)
    (file,) = folder.rglob("*.yaml")
    keep("pytest-recording.yaml", file.read_text(), url, key)


def by_mitmproxy(url: str, key: str) -> None:
    """The HAR of another proxy."""
    file = BUILD / "mitmproxy.har"
    file.unlink(missing_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    proxy = subprocess.Popen(
        [tools() / "mitmdump", "-q", "-p", port, "--set", f"hardump={file}"], env=environment(url, key)
    )
    try:
        wait_for(int(port))
        variables = {**environment(url, key), "UNDERSTUDY_PROXY": f"http://127.0.0.1:{port}"}
        subprocess.run([tools() / "python", HERE / "session.py"], check=True, env=variables)
    finally:
        proxy.terminate()
        proxy.wait(30)
    keep("mitmproxy.har", file.read_text(), url, key)


def wait_for(port: int) -> None:
    """Wait until something listens on a port of this machine."""
    for _ in range(300):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)  # noqa: TID251 - another process starts
    raise SystemExit(f"nothing listens on {port}")


def chromium() -> str:
    """The browser: a path, or nothing for Playwright's own, which is installed then. Ends with one line without one."""
    named = os.environ.get("CHROMIUM", "")
    if named and shutil.which(named) is None:
        raise SystemExit(f"make browser: CHROMIUM={named} names no program")
    found = named or next(filter(None, map(shutil.which, BROWSERS)), "")
    if not found and not install_chromium():
        looked = ", ".join(BROWSERS)
        remedy = "install it (apt-get install chromium), or name it: make browser CHROMIUM=/path/to/it"
        raise SystemExit(
            f"make browser: there is no Chromium (no {looked}, and Playwright cannot get its own); {remedy}"
        )
    return found


def install_chromium() -> bool:
    """Install Playwright's own browser below `build/`; returns whether that was possible."""
    command = [tools() / "python", "-m", "playwright", "install", "chromium"]
    return subprocess.run(command, env={**os.environ, **OWN_BROWSER}, capture_output=True, check=False).returncode == 0


def by_chromium(browser: str, url: str, key: str) -> None:
    """The HAR that Chromium writes through Playwright, of a page that asks the mock."""
    file = BUILD / "chromium.har"
    variables = {**environment(url, key), **OWN_BROWSER, "CHROMIUM": browser}
    subprocess.run([tools() / "python", "-c", BROWSER, file], check=True, env=variables)
    keep("chromium.har", smaller(file.read_text()), url, key)


def smaller(text: str) -> str:
    """A HAR without the contents of pages, styles and scripts, which no test needs."""
    har = json.loads(text)
    for entry in har["log"]["entries"]:
        content = entry["response"]["content"]
        if "json" not in content.get("mimeType", ""):
            content.pop("text", None)
    return json.dumps(har, indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    """Make all witness files, and replay them."""
    from understudy import MockServer
    from understudy.cli import main as understudy

    makers = (by_vcr, by_pytest, by_mitmproxy, partial(by_chromium, chromium()))  # without a browser nothing is made
    BUILD.mkdir(parents=True, exist_ok=True)
    for make in makers:
        with MockServer(str(HERE / "owners.yaml")) as server:
            world = server.world() if make is by_pytest else server  # below a world's own URL, too
            world.add_record("owners", {"name": "Tom"})
            make(world.base_url, world.api_key)
    names = ("vcr.yaml", "pytest-recording.yaml", "mitmproxy.har", "chromium.har")
    return max(understudy(["replay", str(HERE / name), "--api", str(HERE / "owners.yaml")]) for name in names)


def keep(name: str, text: str, url: str, key: str) -> None:
    """Write a witness file without the key, as of the usual port."""
    port = url.rpartition(":")[2].partition("/")[0]
    text = text.replace(key, MASKED).replace(f"127.0.0.1:{port}", "127.0.0.1:8629")
    (HERE / name).write_text(text)
    sys.stdout.write(f"{name}: {len(text)} characters\n")


if __name__ == "__main__":
    raise SystemExit(main())
