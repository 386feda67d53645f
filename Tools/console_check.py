#!/usr/bin/env python3
"""Looks at the console of a server in headless Chromium, and complains.

    Tools/console_check.py [--binary .build/release/yolo] [--out DIR] [--only TEXT] [--axe axe.min.js]
    Tools/console_check.py --base http://127.0.0.1:8980 --key ul_… --bobby ul_…   a server that runs

Starts a server with an empty platform, fills it through the API (Tools/console_seed.py), and opens
each view in light and dark, at the width of a desktop and of a phone. Writes a screenshot of each, and
fails if there is an exception or a refusal of the policy, a hostile name that became markup, a control
without a name, text without contrast, a page that is wider than the window, a heading out of order, or
something that the keyboard cannot do. Needs chromium and chromedriver; Python's standard library only.
"""

import argparse
import base64
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import console_seed as seed

ROOT = pathlib.Path(__file__).resolve().parent.parent
SIZES = {"desktop": (1280, 860, False), "phone": (390, 844, True)}

#: Views: a name, the path, and who looks: a, alice; b, bobby; n, nobody.
VIEWS = [
    ("sign-in", "/", "n"),
    ("explore-visitor", "/explore", "n"),
    ("public-dataset-visitor", "/alice/datasets/shapes-detect", "n"),
    ("private-visitor", "/bobby/datasets/private-set", "n"),
    ("overview", "/", "a"),
    ("datasets", "/datasets", "a"),
    ("images-detect", "/alice/datasets/shapes-detect", "a"),
    ("images-segment", "/alice/datasets/shapes-segment", "a"),
    ("images-pose", "/alice/datasets/shapes-pose", "a"),
    ("images-obb", "/alice/datasets/shapes-obb", "a"),
    ("images-classify", "/alice/datasets/shapes-classify", "a"),
    ("images-hostile", "/alice/datasets/hostile", "a"),
    ("classes", "/alice/datasets/shapes-detect?tab=classes", "a"),
    ("classes-hostile", "/alice/datasets/hostile?tab=classes", "a"),
    ("upload-faults", "/alice/datasets/hostile?tab=upload", "a"),
    ("upload-empty", "/alice/datasets/empty-set", "a"),
    ("versions", "/alice/datasets/shapes-detect?tab=versions", "a"),
    ("projects", "/projects", "a"),
    ("models", "/models", "a"),
    ("project", "/alice/shapes", "a"),
    ("project-hostile", "/alice/hostile", "a"),
    ("model", "/alice/shapes/shapes-detect", "a"),
    ("model-curves", "/alice/shapes/uploaded-curves", "a"),
    ("model-hostile", "/alice/hostile/hostile", "a"),
    ("model-trained", "/alice/shapes/trained", "a"),
    ("model-running", "/alice/shapes/running", "a"),
    ("model-output", "/alice/shapes/running?tab=output", "a"),
    ("model-predict", "/alice/shapes/shapes-detect?tab=predict", "a"),
    ("model-files", "/alice/shapes/shapes-detect?tab=files", "a"),
    ("model-details", "/alice/shapes/trained?tab=details", "a"),
    ("jobs", "/models/jobs", "a"),
    ("exports", "/models/exports", "a"),
    ("deployments", "/models/deployments", "a"),
    ("usage", "/settings/usage", "a"),
    ("keys", "/settings/keys", "a"),
    ("activity", "/settings/activity", "a"),
    ("trash", "/settings/trash", "a"),
    ("webhooks", "/settings/webhooks", "a"),
    ("account", "/settings/account", "a"),
    ("owner", "/alice", "b"),
    ("private-other", "/alice/datasets/hostile", "b"),
    ("not-found", "/nobody-at-all", "a"),
]

CHECKS = r"""
const problems = [];
const screenWidth = arguments[0];
const visible = (one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && one.getClientRects().length > 0;
const name = (one) => `<${one.tagName.toLowerCase()}${one.className && one.className.baseVal === undefined ? ` class="${one.className}"` : ''}> ${(one.textContent || '').trim().slice(0, 40)}`;
if (window.hit !== undefined || document.querySelector('img[src="x"], main script')) problems.push('a hostile name became markup');
if (document.documentElement.scrollWidth > screenWidth + 1) {
  const wide = [...document.querySelectorAll('main *')].filter((one) => one.getBoundingClientRect().right > screenWidth + 1 && !one.closest('.scroll, .command, .tabs, .output, svg, .offscreen'));
  problems.push(`the page is ${document.documentElement.scrollWidth} px wide: ${wide.slice(0, 3).map(name).join(' | ')}`);
}
const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
if (twice.length) problems.push(`identifiers occur twice: ${twice.slice(0, 4)}`);
for (const one of document.querySelectorAll('[aria-labelledby], [aria-describedby], [aria-controls], label[for]')) {
  for (const attribute of ['aria-labelledby', 'aria-describedby', 'aria-controls', 'for']) {
    for (const id of (one.getAttribute(attribute) ?? '').split(' ').filter(Boolean)) if (!document.getElementById(id)) problems.push(`${attribute}=${id} names nothing: ${name(one)}`);
  }
}
if (document.querySelectorAll('h1').length !== 1) problems.push(`${document.querySelectorAll('h1').length} headings of the first level`);
let level = 0;
for (const one of document.querySelectorAll('main h1, main h2, main h3, main h4')) {
  const now = Number(one.tagName[1]);
  if (now > level + 1) problems.push(`the heading ${name(one)} skips a level`);
  level = now;
}
for (const [selector, what] of [['main', 'main'], ['nav[aria-label="Main"]', 'navigation'], ['header', 'header']]) if (!document.querySelector(selector)) problems.push(`no landmark ${what}`);
if (!document.title || !document.documentElement.lang) problems.push('no title or language');
for (const one of document.querySelectorAll('img')) if (one.getAttribute('alt') === null) problems.push('an image has no alt');
for (const one of document.querySelectorAll('table')) if (!one.caption && one.closest('main')) problems.push(`a table has no caption: ${name(one)}`);
if (document.querySelectorAll('*').length > 12000) problems.push(`${document.querySelectorAll('*').length} elements`);
for (const one of document.querySelectorAll('.pending[aria-busy=true]')) problems.push(`still loading: ${name(one)}`);
if (/undefined|NaN|\[object/.test(document.body.innerText)) problems.push(`text with ${document.body.innerText.match(/.{0,30}(undefined|NaN|\[object).{0,30}/)[0]}`);
// Contrast: the color of each text against what lies behind it.
const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
const read = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
const cache = new Map();
const rgba = (color) => { if (!cache.has(color)) cache.set(color, read(color)); return cache.get(color); };
const over = (top, under) => { const a = top[3] / 255; return [0, 1, 2].map((at) => top[at] * a + under[at] * (1 - a)).concat(255); };
const behind = (one) => { const list = []; for (let at = one; at; at = at.parentElement) { const c = rgba(getComputedStyle(at).backgroundColor); if (c[3]) list.push(c); if (c[3] === 255) break; } return list.reverse().reduce((under, top) => over(top, under), rgba(getComputedStyle(document.documentElement).backgroundColor)[3] ? rgba(getComputedStyle(document.documentElement).backgroundColor) : rgba('Canvas')); };
const luminance = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const ratio = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
const seen = new Set();
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const one = node.parentElement;
  if (!node.data.trim() || seen.has(one) || !visible(one) || one.closest('.overlay, .offscreen, .quiet-status, .skip, option, noscript, :disabled')) continue;
  seen.add(one);
  const style = getComputedStyle(one);
  const ground = behind(one);
  const isText = one.namespaceURI.endsWith('svg') ? style.fill : style.color;
  const value = ratio(over(rgba(isText), ground), ground);
  const size = parseFloat(style.fontSize);
  const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
  if (value < needed - 0.02) problems.push(`contrast ${value.toFixed(2)}: ${name(one)}`);
}
for (const one of document.querySelectorAll('main input:not([type=checkbox], [type=range], [type=file]), main select, main textarea, main button:not(:disabled, .plain, .card)')) {
  if (!visible(one)) continue;
  const value = ratio(over(rgba(getComputedStyle(one).borderTopColor), behind(one.parentElement)), behind(one.parentElement));
  if (value < 2.98 && ratio(behind(one), behind(one.parentElement)) < 2.98) problems.push(`the edge of a control has contrast ${value.toFixed(2)}: ${name(one)}`);
}
for (const one of document.querySelectorAll('button, select, input:not([type=file]), .side a, .tabs a, a.button')) {
  if (!visible(one) || one.closest('.skip')) continue;
  const box = one.getBoundingClientRect();
  if (box.height < 23.5 && !(one.type === 'checkbox' && one.labels?.length)) problems.push(`only ${box.height.toFixed(0)} px high: ${name(one)}`);
}
return problems;
"""


class Browser:
    """A tab of a headless Chromium, over WebDriver."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        for line in self.process.stdout:
            found = re.search(r"successfully on port (\d+)", line)
            if found:
                break
        self.driver = f"http://127.0.0.1:{found.group(1)}"
        options = dict(
            args=[
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
                "--window-size=1280,860",
            ]
        )
        answer = self.send(
            "POST",
            f"{self.driver}/session",
            dict(
                capabilities=dict(
                    alwaysMatch={
                        "browserName": "chrome",
                        "goog:chromeOptions": options,
                        "goog:loggingPrefs": {"browser": "ALL"},
                        "timeouts": {"script": 60000},
                    }
                )
            ),
        )
        self.session = f"{self.driver}/session/{answer['sessionId']}"

    def send(self, method, address, body=None):
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(
            address, data=data, method=method, headers={"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=90) as answer:
                return json.loads(answer.read())["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.loads(error.read())["value"]["message"].split("\n")[0]) from None

    def open(self, address):
        self.send("POST", f"{self.session}/url", dict(url=address))

    def run(self, script, *arguments):
        return self.send("POST", f"{self.session}/execute/sync", dict(script=script, args=list(arguments)))

    def cdp(self, command, **parameters):
        return self.send("POST", f"{self.session}/goog/cdp/execute", dict(cmd=command, params=parameters))

    def wait(self, expression, seconds=15):
        end = time.time() + seconds
        while time.time() < end:
            if self.run(f"return Boolean({expression})"):
                return True
            time.sleep(0.05)
        return False

    def settle(self):
        """Waits until nothing is loading."""
        return self.wait("""document.querySelector('main[aria-busy=false] h1') && !document.querySelector('[aria-busy=true]')
            && [...document.images].every((one) => one.complete || one.loading === 'lazy')""")

    def key(self, name, code=None, modifiers=0, text=None):
        more = dict(text=text) if text else {}
        for kind in ("keyDown", "keyUp"):
            self.cdp(
                "Input.dispatchKeyEvent",
                type=kind,
                key=name,
                code=code or name,
                modifiers=modifiers,
                windowsVirtualKeyCode={
                    "Tab": 9,
                    "Enter": 13,
                    "Escape": 27,
                    "ArrowLeft": 37,
                    "ArrowRight": 39,
                    " ": 32,
                }.get(name, 0),
                **more,
            )

    def complaints(self):
        return [
            one["message"]
            for one in self.send("POST", f"{self.session}/se/log", dict(type="browser"))
            if one["level"] in ("SEVERE", "WARNING")
        ]

    def nameless(self):
        """The controls that the accessibility tree has no name for."""
        roles = {
            "button",
            "link",
            "textbox",
            "searchbox",
            "combobox",
            "checkbox",
            "slider",
            "spinbutton",
            "tab",
            "dialog",
            "region",
            "img",
            "image",
        }
        tree = self.cdp("Accessibility.getFullAXTree")["nodes"]
        return [
            one["role"]["value"]
            for one in tree
            if not one.get("ignored")
            and one.get("role", {}).get("value") in roles
            and not str(one.get("name", {}).get("value", "")).strip()
        ]

    def shot(self, path, full=False):
        more = {}
        if full:
            size = self.cdp("Page.getLayoutMetrics")["cssContentSize"]
            more = dict(
                captureBeyondViewport=True,
                clip=dict(x=0, y=0, width=size["width"], height=min(size["height"], 3200), scale=1),
            )
        path.write_bytes(base64.b64decode(self.cdp("Page.captureScreenshot", format="png", **more)["data"]))

    def size(self, name, scheme):
        width, height, is_phone = SIZES[name]
        self.cdp(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=is_phone,
        )
        self.cdp(
            "Emulation.setEmulatedMedia",
            features=[
                dict(name="prefers-color-scheme", value=scheme),
                dict(name="prefers-reduced-motion", value="reduce"),
            ],
        )

    def close(self):
        try:
            self.send("DELETE", self.session)
        finally:
            self.process.terminate()
            self.process.wait()


class Check:
    def __init__(self, base, keys, out, axe):
        self.base, self.keys, self.out = base, keys, out
        self.axe = axe and axe.read_text()
        self.browser = Browser()
        self.problems = []
        self.network = {}
        self.width = 1280

    def sign(self, who):
        key = {"a": self.keys["alice"], "b": self.keys["bobby"]}.get(who)
        self.browser.open(f"{self.base}/ui/icon.svg")
        self.browser.run(
            "sessionStorage.clear(); if (arguments[0]) sessionStorage.setItem('yolo-console-key', arguments[0])",
            key,
        )

    def size(self, name, scheme):
        self.browser.size(name, scheme)
        self.width = SIZES[name][0]

    def say(self, where, problem):
        self.problems.append(f"{where}: {problem}")
        print(f"  {where}: {problem}", flush=True)

    def look(self, where, shot=True, full=True):
        """Checks the page as it is now."""
        if not self.browser.settle():
            self.say(
                where,
                "does not settle: "
                + str(
                    self.browser.run(
                        "return [...document.querySelectorAll('[aria-busy=true]')].map((one) => one.textContent.slice(0, 60))"
                    )
                ),
            )
        for problem in dict.fromkeys(self.browser.run(CHECKS, self.width)):
            self.say(where, problem)
        for role in self.browser.nameless():
            self.say(where, f"a {role} has no name")
        self.listen(where)
        if self.axe:
            self.run_axe(where)
        if shot:
            self.browser.shot(self.out / f"{where}.png", full)

    def listen(self, where):
        """Complaints of the browser; what the server refused is counted, and no error of the page."""
        for message in self.browser.complaints():
            refused = re.search(r"(\S+) - Failed to load resource: .*status of (\d+)", message)
            if refused and refused.group(2) in ("401", "402", "404", "405", "409", "501"):
                address = re.sub(r"^https?://[^/]+|\?.*", "", refused.group(1))
                self.network[f"{refused.group(2)} {address}"] = (
                    self.network.get(f"{refused.group(2)} {address}", 0) + 1
                )
            else:
                self.say(where, message[:300])

    def run_axe(self, where):
        self.browser.run(self.axe + "; window.axe = axe;")
        found = self.browser.send(
            "POST",
            f"{self.browser.session}/execute/async",
            dict(
                args=[],
                script="""
          const done = arguments[0];
          axe.run(document, { resultTypes: ['violations'] }).then((result) => done(result.violations.map((one) =>
            `axe ${one.id} (${one.impact}): ${one.help}: ${one.nodes.slice(0, 2).map((node) => node.html.slice(0, 120)).join(' | ')}`)), (error) => done([String(error)]))""",
            ),
        )
        for one in found:
            self.say(where, one)

    def walk(self, where, most=220):
        """Tabs through the page: each control that can be used must get the focus, and show it."""
        self.browser.run("document.activeElement?.blur(); scrollTo(0, 0)")
        wanted = self.browser.run("""return [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
          .filter((one) => !one.disabled && one.checkVisibility()).length""")
        seen, hidden = set(), []
        for _ in range(min(most, wanted + 12)):
            self.browser.key("Tab")
            found = self.browser.run("""const one = document.activeElement;
              if (one === document.body) return null;
              window.walked ??= new Map();
              if (!walked.has(one)) walked.set(one, walked.size);
              const style = getComputedStyle(one.type === 'file' ? one.nextElementSibling : one);
              const box = one.getBoundingClientRect();
              return [walked.get(one), style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1.5, box.bottom > 0 && box.top < innerHeight, one.outerHTML.slice(0, 90)]""")
            if found is None:
                continue
            if found[0] in seen and len(seen) >= wanted:
                break
            seen.add(found[0])
            if not found[1]:
                hidden.append(f"no focus ring: {found[3]}")
            if not found[2]:
                hidden.append(f"focus outside the window: {found[3]}")
        for one in dict.fromkeys(hidden):
            self.say(where, one)
        if len(seen) < min(wanted, most) * 0.97:
            self.say(where, f"the keyboard reaches {len(seen)} of {wanted} controls")

    def dialog(self, where, button, shot=True):
        """Opens a dialog by keyboard: the focus goes into it, Escape closes it, the focus comes back."""
        opened = self.browser.run(
            """const one = [...document.querySelectorAll('main button')].find((one) => one.textContent.startsWith(arguments[0]) || one.matches(arguments[0].startsWith('.') ? arguments[0] : 'none'));
          one?.focus(); return Boolean(one)""",
            button,
        )
        if not opened:
            return self.say(where, f"no button {button}")
        self.browser.key("Enter", text="\r")
        if not self.browser.wait("document.querySelector('dialog[open]')", 5):
            return self.say(where, f"{button} opens no dialog")
        if not self.browser.run("return document.querySelector('dialog').contains(document.activeElement)"):
            self.say(where, "the focus is not in the dialog")
        self.browser.wait("[...document.querySelectorAll('dialog img')].every((one) => one.complete)")
        self.look(where, shot, full=False)
        self.browser.key("Escape")
        if not self.browser.wait("!document.querySelector('dialog')", 5):
            self.say(where, "Escape does not close the dialog")
        elif not self.browser.run("return document.activeElement?.tagName === 'BUTTON'"):
            self.say(where, "the focus does not come back")


def views(check, only):
    who = None
    for scheme in ("light", "dark"):
        for size in SIZES:
            check.size(size, scheme)
            for name, path, viewer in VIEWS:
                if only and only not in name:
                    continue
                if viewer != who:
                    check.sign(viewer)
                    who = viewer
                where = f"{name}-{size}-{scheme}"
                print(where, flush=True)
                check.browser.open(check.base + path)
                check.look(where)
                if scheme == "light" and size == "desktop":
                    check.walk(where)
    check.sign("a")


def dialogs(check):
    """What opens by a button, in both schemes and sizes."""
    for scheme, size in (("light", "desktop"), ("dark", "phone")):
        check.size(size, scheme)
        for name, path, button in [
            ("image", "/alice/datasets/shapes-detect", ".card"),
            ("image-pose", "/alice/datasets/shapes-pose", ".card"),
            ("image-hostile", "/alice/datasets/hostile", ".card"),
            ("new-dataset", "/datasets", "New dataset"),
            ("dataset-settings", "/alice/datasets/hostile", "Settings"),
            ("upload-model", "/alice/shapes", "Upload a model"),
            ("new-key", "/settings/keys", "New key"),
            ("revoke-key", "/settings/keys", "Revoke"),
            ("empty-trash", "/settings/trash", "Empty the trash"),
            ("train", "/alice/shapes/shapes-detect", "Train"),
        ]:
            where = f"dialog-{name}-{size}-{scheme}"
            print(where, flush=True)
            check.browser.open(check.base + path)
            check.browser.settle()
            check.dialog(where, button)


def deeds(check, weights):
    """What a user does: signs in, predicts, uploads, makes a key, signs out."""
    # A browser whose history is full forgets what no hand has clicked.
    check.browser.close()
    browser = check.browser = Browser()
    check.size("desktop", "light")
    check.sign("n")
    browser.open(check.base + "/")
    browser.settle()
    browser.run("document.querySelector('input[name=key]').focus()")
    browser.cdp("Input.insertText", text="ul_" + "0" * 40)
    browser.key("Enter", text="\r")
    if not browser.wait("document.querySelector('[role=alert]')?.textContent.includes('not known')"):
        check.say("sign-in", "a wrong key is not told")
    check.listen("sign-in")
    browser.run("document.querySelector('input[name=key]').select()")
    browser.cdp("Input.insertText", text=check.keys["alice"])
    browser.key("Enter", text="\r")
    if not browser.wait(
        "document.querySelector('h1')?.textContent === 'alice' || document.querySelector('h1')?.textContent === 'Alice'"
    ):
        check.say("sign-in", "the right key does not sign in")
    browser.settle()
    stores = browser.run(
        "return [localStorage.length, document.cookie, location.href.includes('ul_'), document.documentElement.outerHTML.includes(arguments[0])]",
        check.keys["alice"],
    )
    if stores != [0, "", False, False]:
        check.say("sign-in", f"the key is elsewhere, too: {stores}")

    def choose(selector, path):
        found = browser.send("POST", f"{browser.session}/element", dict(using="css selector", value=selector))
        browser.send(
            "POST", f"{browser.session}/element/{next(iter(found.values()))}/value", dict(text=str(path))
        )

    for task, image in [
        ("detect", "shapes.jpg"),
        ("segment", "shapes-segment.jpg"),
        ("pose", "shapes-pose.jpg"),
        ("obb", "shapes-obb.jpg"),
        ("classify", "shapes-classify.jpg"),
    ]:
        where = f"predict-{task}"
        print(where, flush=True)
        browser.open(f"{check.base}/alice/shapes/shapes-{task}?tab=predict")
        browser.settle()
        choose("#try-file", weights / image)
        if not browser.wait("document.querySelector('.found')", 30):
            check.say(
                where,
                "no result: " + str(browser.run("return document.querySelector('.predicted').innerText")),
            )
        browser.wait("document.querySelector('.stage img')?.complete")
        check.look(where)

    print("upload", flush=True)
    with tempfile.TemporaryDirectory() as directory:
        archive = pathlib.Path(directory) / "more.zip"
        archive.write_bytes(seed.zipped(seed.dataset_files("detect", 5, first=700)))
        browser.open(f"{check.base}/alice/datasets/empty-set?tab=upload")
        browser.settle()
        choose("#archive", archive)
        browser.run(
            "[...document.querySelectorAll('button')].find((one) => one.textContent === 'Send and take in').click()"
        )
        if not browser.wait("/5 images/.test(document.querySelector('.facts').innerText)", 30):
            check.say(
                "upload",
                "the images did not arrive: "
                + str(browser.run("return document.querySelector('main').innerText.slice(0, 600)")),
            )
        check.look("upload")

    print("keys", flush=True)
    browser.open(f"{check.base}/settings/keys")
    browser.settle()
    browser.run(
        "[...document.querySelectorAll('button')].find((one) => one.textContent === 'New key').click()"
    )
    browser.run("document.querySelector('dialog input[name=name]').focus()")
    browser.cdp("Input.insertText", text="from the console")
    browser.key("Enter", text="\r")
    if not browser.wait(
        "/^ul_[0-9a-f]{40}$/.test(document.querySelector('dialog .secret')?.textContent ?? '')"
    ):
        check.say("keys", "the new key is not shown")
    browser.settle()
    browser.shot(check.out / "key-shown.png")
    browser.key("Escape")
    browser.wait("!document.querySelector('dialog')")
    if browser.run("return document.body.innerText.match(/ul_[0-9a-f]{40}/)"):
        check.say("keys", "the key is still shown")

    print("history", flush=True)
    browser.open(f"{check.base}/datasets")
    browser.settle()
    browser.run(
        "[...document.querySelectorAll('main a')].find((one) => one.textContent === 'Shapes detect').click()"
    )
    browser.wait("document.querySelector('h1')?.textContent === 'Shapes detect'")
    browser.settle()
    if not browser.run(
        "return document.activeElement === document.querySelector('h1') && document.title.startsWith('Shapes detect')"
    ):
        check.say("history", "the focus is not at the heading of the new view")
    browser.run(
        "[...document.querySelectorAll('.pager a')].find((one) => one.textContent === 'Next').click()"
    )
    if not browser.wait("location.search.includes('after=')"):
        check.say("history", "there is no second page of images")
    browser.settle()
    browser.run("history.back()")
    browser.wait("!location.search")
    browser.run("history.back()")
    if not browser.wait("document.querySelector('h1')?.textContent === 'Datasets'"):
        check.say("history", "back does not go back")

    print("polling", flush=True)
    browser.open(f"{check.base}/alice/shapes/running")
    browser.settle()
    if browser.run("return document.querySelector('.run') !== null"):
        calls = "return performance.getEntriesByType('resource').filter((one) => one.name.includes('/api/')).length"
        before = browser.run(calls)
        time.sleep(21)
        while_seen = browser.run(calls) - before
        browser.run(
            "Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' })"
        )
        time.sleep(11)
        before = browser.run(calls)
        time.sleep(21)
        while_hidden = browser.run(calls) - before
        browser.run("delete document.visibilityState; document.dispatchEvent(new Event('visibilitychange'))")
        if not 1 <= while_seen <= 4 or while_hidden or not browser.wait(f"({calls[7:]}) > {before}", 5):
            check.say("polling", f"{while_seen} calls in 21 s, {while_hidden} while hidden")

    print("menu", flush=True)
    check.size("phone", "light")
    browser.settle()
    browser.run("document.querySelector('#menu').focus()")
    browser.key("Enter", text="\r")
    if not browser.wait(
        "document.activeElement.closest('#side') && document.querySelector('#menu').ariaExpanded === 'true'",
        3,
    ):
        check.say("menu", "the menu does not open by keyboard")
    check.look("menu-phone-light", full=False)
    browser.key("Escape")
    if not browser.run(
        "return document.activeElement === document.querySelector('#menu') && !document.querySelector('#side').checkVisibility()"
    ):
        check.say("menu", "Escape does not close the menu")
    check.size("desktop", "light")

    print("selection", flush=True)
    browser.open(f"{check.base}/alice/datasets/shapes-obb")
    browser.settle()
    browser.run(
        "[...document.querySelectorAll('main button')].find((one) => one.textContent === 'Select').click(); document.querySelectorAll('.card')[1].click()"
    )
    if not browser.run(
        "return document.querySelectorAll('.card[aria-pressed=true]').length === 1 && /1 image selected/.test(document.querySelector('.selection').textContent)"
    ):
        check.say("selection", "an image is not selected")
    check.look("selection", full=False)

    print("sign-out", flush=True)
    browser.run(
        "[...document.querySelectorAll('button')].find((one) => one.textContent === 'Sign out').click()"
    )
    if not browser.wait("document.querySelector('h1')?.textContent === 'Sign in'") or browser.run(
        "return sessionStorage.length"
    ):
        check.say("sign-out", "the key is still there")
    check.listen("deeds")


def statuses(check):
    """What the server answers for addresses, without a browser."""
    anyone, alice = seed.Api(check.base, None), seed.Api(check.base, check.keys["alice"])
    for who, path, expected in [
        (anyone, "/alice/datasets/shapes-detect", 200),
        (anyone, "/alice/shapes", 200),
        (anyone, "/alice/shapes/shapes-detect", 200),
        # A browser has no key here: below an owner there is a page, whatever there is.
        (anyone, "/alice/datasets/hostile", 200),
        (anyone, "/alice/datasets/nothing-at-all", 200),
        (alice, "/alice/datasets/hostile", 200),
        (alice, "/bobby/datasets/private-set", 404),
        (anyone, "/nobody-at-all", 404),
        (anyone, "/api/nothing", 404),
        (anyone, "/settings/nothing", 404),
        (anyone, "/ui/nothing.js", 404),
    ]:
        status, body = who.call("GET", path)
        is_json = isinstance(body, dict)
        if status != expected or is_json != path.startswith(("/api/", "/ui/")):
            check.say("statuses", f"{path}: {status}, {'JSON' if is_json else 'a page'}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / ".build/release/yolo")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("/tmp/console"))
    parser.add_argument("--only", help="views whose name has this")
    parser.add_argument("--axe", type=pathlib.Path, help="axe.min.js, to run it too")
    parser.add_argument("--base", help="a server that is filled already")
    parser.add_argument("--key", help="the key of alice there")
    parser.add_argument("--bobby", help="the key of bobby there")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    server = None
    with tempfile.TemporaryDirectory() as directory:
        if arguments.base:
            base, keys = arguments.base, dict(alice=arguments.key, bobby=arguments.bobby)
        else:
            data = f"{directory}/data"
            keys = {
                name: subprocess.run(
                    [arguments.binary, "accounts", "create", name, "--plan", "enterprise", "--data", data],
                    check=True,
                    capture_output=True,
                    text=True,
                ).stdout.split()[-1]
                for name in ("alice", "bobby")
            }
            with socket.socket() as one:
                one.bind(("127.0.0.1", 0))
                port = one.getsockname()[1]
            base = f"http://127.0.0.1:{port}"
            server = subprocess.Popen(
                [arguments.binary, "serve", "--data", data, "--host", "127.0.0.1", "--port", str(port)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for _ in range(200):
                try:
                    urllib.request.urlopen(f"{base}/healthz", timeout=2)
                    break
                except OSError:
                    time.sleep(0.1)
            seed.fill(base, keys, ROOT / "Weights")
        check = Check(base, keys, arguments.out, arguments.axe)
        try:
            views(check, arguments.only)
            if not arguments.only:
                dialogs(check)
                deeds(check, ROOT / "Weights")
                statuses(check)
        finally:
            check.browser.close()
            if server:
                server.terminate()
                server.wait()
    for name, number in sorted(check.network.items()):
        print(f"refused: {name} ({number} times)")
    print(f"{len(check.problems)} problems; screenshots are in {arguments.out}")
    return 1 if check.problems else 0


if __name__ == "__main__":
    sys.exit(main())
