#!/usr/bin/env python3
"""Verify a backup or a proof of a Cairn log without Cairn.

    python3 verify.py backup plan.backup [KEY]
    python3 verify.py proof plan-408.tlog-proof KEY

KEY is the line that `cairn key` prints, or a file with it. It needs Python 3 and
the openssl program, and nothing else. It prints what it found and ends with 0,
or says what is wrong and ends with 7.

The tree is that of RFC 6962 (SHA-256), checkpoints and proofs are C2SP
tlog-checkpoint, signed-note and tlog-proof.
"""

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile


class Refused(Exception):
    pass


def leaf(body):
    return hashlib.sha256(b"\x00" + body).digest()


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def b64(text):
    """Decode base64 that is in its one canonical form."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raise Refused("malformed base64") from None
    if base64.b64encode(raw).decode() != text:
        raise Refused("malformed base64")
    return raw


class Tree:
    """The roots of the complete subtrees of a growing tree, the largest first."""

    def __init__(self):
        self.n, self.peaks = 0, []

    def add(self, h):
        n = self.n
        while n & 1:
            h, n = node(self.peaks.pop(), h), n >> 1
        self.peaks.append(h)
        self.n += 1

    def root(self):
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        h = self.peaks[-1]
        for left in reversed(self.peaks[:-1]):
            h = node(left, h)
        return h


class Key:
    """A note verifier: name+hash+base64(1 || Ed25519 public key)."""

    def __init__(self, line):
        try:
            self.line = line
            self.name, digest, rest = line.split("+", 2)
            raw = base64.b64decode(rest, validate=True)
        except ValueError:
            raise Refused("malformed key") from None
        self.id = hashlib.sha256(self.name.encode() + b"\n" + raw).digest()[:4]
        if len(raw) != 33 or raw[0] != 1 or self.id.hex() != digest:
            raise Refused("malformed key")
        self.public = raw[1:]

    def verifies(self, text, signature):
        der = bytes.fromhex("302a300506032b6570032100") + self.public
        pem = b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(der) + b"\n-----END PUBLIC KEY-----\n"
        with tempfile.TemporaryDirectory() as d:
            for name, content in ("key", pem), ("text", text), ("sig", signature):
                with open(os.path.join(d, name), "wb") as f:
                    f.write(content)
            done = subprocess.run(
                ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key", "-rawin", "-in", "text", "-sigfile", "sig"],
                cwd=d, capture_output=True, check=False)
            return done.returncode == 0


def open_note(signed, keys):
    """Return the text of a signed note, and the key that signed it."""
    text, found, sigs = signed.rpartition("\n\n")
    if not found or not sigs.endswith("\n"):
        raise Refused("malformed note")
    text += "\n"
    by, seen = None, set()
    for line in sigs[:-1].split("\n"):
        m = re.fullmatch(r"— (\S+) (\S+)", line)
        if not m:
            raise Refused("malformed signature line")
        raw = b64(m[2])
        if (m[1], raw[:4]) in seen or len(raw) < 5:
            raise Refused("malformed signature line")
        seen.add((m[1], raw[:4]))
        for key in keys:
            if key.name == m[1] and key.id == raw[:4]:
                if not key.verifies(text.encode(), raw[4:]):
                    raise Refused("a signature is wrong")
                by = by or key
    if not by:
        raise Refused("not signed by a known key")
    return text, by


def number(text):
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", text):
        raise Refused("malformed number")
    return int(text)


def open_checkpoint(signed, keys):
    text, by = open_note(signed, keys)
    lines = text[:-1].split("\n")
    if len(lines) < 3 or "" in lines:
        raise Refused("malformed checkpoint")
    return lines[0], number(lines[1]), b64(lines[2]), by


class Keys:
    """The keys that a log announces, who vouches for them, and until when."""

    def __init__(self):
        self.all = []  # [key, added, removed, voucher]

    def at(self, n):
        return [k for k, added, removed, _ in self.all if added <= n and (removed is None or n < removed)]

    def evolve(self, origin, seq, kind, data):
        if kind == "cairn.log.opened.v1":
            self.add(data.get("key", ""), seq, None)
        elif kind == "cairn.signer.added.v1":
            voucher = None
            if data.get("signature"):
                note = "signer.added\n%s\n%s\n\n%s\n" % (origin, data["key"], data["signature"])
                _, voucher = open_note(note, self.at(seq - 1))
            self.add(data.get("key", ""), seq, voucher)
        elif kind == "cairn.signer.removed.v1":
            for entry in self.all:
                if entry[0].line == data.get("key") and entry[2] is None:
                    entry[2] = seq

    def add(self, line, seq, voucher):
        try:
            key = Key(line)
        except Refused:
            return
        if not any(k.name == key.name and k.id == key.id and removed is None for k, _, removed, _ in self.all):
            self.all.append([key, seq, None, voucher])

    def trusting(self, root):
        """Keep only root and those for which it, or another kept one, vouches."""
        kept = []
        for entry in self.all:
            if entry[0].line == root.line or any(entry[3] is k[0] for k in kept):
                kept.append(entry)
        if not kept:
            raise Refused("the log has no such key")
        self.all = kept


def moment(text):
    """A time that sorts: to the nanosecond, in UTC, as events have it."""
    m = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", text)
    if not m:
        raise Refused("malformed time")
    return m[1] + "." + (m[2] or "").ljust(9, "0")


def verify_backup(path, root_key):
    tree, keys, origin, signed = Tree(), Keys(), "", None
    lists = {}
    with open(path, "rb") as f:
        for line in f:
            seq = tree.n + 1
            if signed is not None:
                raise Refused("something stands behind the checkpoint")
            if not line.endswith(b"\n"):
                raise Refused("cut off within @%d" % seq)
            body = line[:-1]
            try:
                event = json.loads(body.decode())
            except ValueError:
                raise Refused("@%d cannot be read" % seq) from None
            if body.startswith(b'{"checkpoint":'):
                signed = event["checkpoint"]
                if json.dumps({"checkpoint": signed}, ensure_ascii=False, separators=(",", ":")).encode() != body:
                    raise Refused("malformed checkpoint line")
                continue
            kind, data, source = event["type"], event["data"], event["source"]
            if (seq == 1) != (kind == "cairn.log.opened.v1"):
                raise Refused("@%d is %s" % (seq, kind))
            if seq == 1:
                origin = data["origin"]
            revision, effective = lists.get(source, (0, ""))
            if event["revision"] != revision + 1:
                raise Refused("@%d is revision %d of %s, want %d" % (seq, event["revision"], source, revision + 1))
            now = moment(event.get("effectivetime") or event["time"])
            if now < effective:
                raise Refused("@%d took effect before the event before it" % seq)
            lists[source] = (revision + 1, now)
            if source == "/log":
                keys.evolve(origin, seq, kind, data)
            tree.add(b64(data["leafhash"]) if kind == "cairn.event.erased.v1" else leaf(body))
    if signed is None:
        raise Refused("cut off: no checkpoint behind @%d" % tree.n)
    if root_key:
        keys.trusting(root_key)
    name, n, root, by = open_checkpoint(signed, keys.at(tree.n))
    if name != origin:
        raise Refused("the checkpoint is of another log, %s" % name)
    if n != tree.n or root != tree.root():
        raise Refused("the %d events do not lead to the root at @%d" % (tree.n, n))
    return "%d events of %s\nroot %s\nsigned by key %s" % (n, origin, base64.b64encode(root).decode(), by.id.hex())


def inclusion_root(index, n, h, hashes):
    """RFC 6962, section 2.1.1: the root to which a leaf and its proof lead."""
    if index >= n:
        raise Refused("the checkpoint ends before that event")
    last = n - 1
    for other in hashes:
        if last == 0:
            raise Refused("the proof is too long")
        if index & 1 or index == last:
            h = node(other, h)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            h = node(h, other)
        index, last = index >> 1, last >> 1
    if last:
        raise Refused("the proof is too short")
    return h


def verify_proof(path, key):
    with open(path, "rb") as f:
        try:
            text = f.read().decode()
        except ValueError:
            raise Refused("malformed proof") from None
    head, found, signed = text.partition("\n\n")
    lines = head.split("\n")
    if found and lines[0] == "c2sp.org/tlog-proof@v1" and lines[1:] and lines[1].startswith("index "):
        raise Refused("the proof holds hashes only, not the event: it is for who has that")
    if not found or len(lines) < 3 or lines[0] != "c2sp.org/tlog-proof@v1" \
            or not lines[1].startswith("extra ") or not lines[2].startswith("index "):
        raise Refused("malformed proof")
    body, index, hashes = b64(lines[1][6:]), number(lines[2][6:]), [b64(h) for h in lines[3:]]
    origin, n, root, by = open_checkpoint(signed, [key])
    if origin != key.name:
        raise Refused("the proof is of another log, %s" % origin)
    if any(len(h) != 32 for h in hashes) or inclusion_root(index, n, leaf(body), hashes) != root:
        raise Refused("the proof does not lead to the root")
    return "@%d of %s, proved at @%d\nsigned by key %s\n%s" % (index + 1, origin, n, by.id.hex(), body.decode())


def main(args):
    if len(args) < 2 or args[0] not in ("backup", "proof") or len(args) > 3 or args[0] == "proof" and len(args) < 3:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        key = None
        if len(args) == 3:
            word = args[2]
            if os.path.exists(word):
                with open(word, encoding="utf-8") as f:
                    word = f.read().strip().split("\n")[0]
            key = Key(word)
        print(verify_backup(args[1], key) if args[0] == "backup" else verify_proof(args[1], key))
        return 0
    except (Refused, KeyError, TypeError, AttributeError) as err:
        print("refused: %s" % err, file=sys.stderr)
        return 7


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
