# SPDX-License-Identifier: Apache-2.0
"""`pipgate key`: minisign verifies what we sign, we verify what it signs, and nothing else is taken for signed."""
import base64
import os
import shutil

from lib.case import case

COMMENT = "timestamp:1767225600\tfile:f\thashed"


def read(c, name):
    with open(c.path(name), "rb") as f:
        return f.read()


def pair(c, name="k"):
    c.expect(c.pipgate("key", "new", "-o", name), status=0, err=["%s.pub" % name, "secret"])
    return name


def minisign(c, *words):
    return c.run(["minisign"] + list(words), stdin=b"")


@case(pips="one", mode="any")
def key_and_minisign(c):
    """Ours by minisign, minisign's by us: prehashed and not, keys of both, comments of both, files of no and of many bytes."""
    for tool in ("ours", "theirs"):
        if tool == "ours":
            pair(c, tool)
        else:
            c.expect(minisign(c, "-G", "-W", "-p", "theirs.pub", "-s", "theirs"), status=0)
    c.equal(os.stat(c.path("ours")).st_mode & 0o777, 0o600, "the secret key's mode")
    for name, content in (("none", b""), ("f", b"what is signed\n"), ("many", os.urandom(1 << 20) * 20)):
        c.write(name, content)
        for key in ("ours", "theirs"):
            c.expect(c.pipgate("key", "sign", name, "-k", key, "-c", COMMENT), status=0)
            c.expect(minisign(c, "-V", "-H", "-p", key + ".pub", "-m", name), status=0, out="Trusted comment: timestamp:1767225600\tfile:f")
            c.expect(c.pipgate("key", "verify", name, "-k", key + ".pub"), status=0, out="trusted comment: timestamp:1767225600 file:f hashed")
            for legacy in ([], ["-l"]):
                c.expect(minisign(c, "-S", *legacy, "-s", key, "-m", name, "-t", "théirs"), status=0)
                c.expect(c.pipgate("key", "verify", name, "-k", key + ".pub"), status=0, out="trusted comment: théirs$")
    c.expect(c.pipgate("key", "sign", "f", "-k", "ours"), status=0)
    base64_key = read(c, "ours.pub").decode().split("\n")[1]
    c.expect(c.pipgate("key", "verify", "f", "-P", base64_key), status=0, out=["file:f hashed", r"\Af: signed by [0-9A-F]{16}$"])
    c.expect(minisign(c, "-V", "-P", base64_key, "-m", "f"), status=0)


@case(pips="one", mode="any")
def key_refused(c):
    """Altered, cut, of another key, garbage: 1 and a sentence; whatever of it is altered, it is never taken."""
    pair(c)
    pair(c, "other")
    c.write("f", b"what is signed\n")
    c.expect(c.pipgate("key", "sign", "f", "-k", "k", "-c", COMMENT), status=0)
    good, public = read(c, "f.minisig"), read(c, "k.pub")
    lines = good.split(b"\n")
    raw = bytearray(base64.b64decode(public.split(b"\n")[1]))
    raw[20] ^= 1  # the same id, another key
    table = [
        ("key id", {"key": read(c, "other.pub")}, "signed by another key: by [0-9A-F]{16}, and not by [0-9A-F]{16}"),
        ("key", {"key": base64.b64encode(bytes(raw))}, "not the bytes that were signed, or it was not this key"),
        ("file", {"file": b"what is signed"}, "not the bytes that were signed"),
        ("comment", {"signature": good.replace(b"file:f", b"file:g")}, "the trusted comment is not the one that was signed"),
        ("comment of another", {"signature": b"\n".join([lines[0], lines[1], b"trusted comment: ", lines[3], b""])}, "the trusted comment is not"),
        ("control", {"signature": good.replace(b"file:f", b"\x1b[31m")}, "holds a control character"),
        ("not UTF-8", {"signature": good.replace(b"file:f", b"\xff")}, "is not UTF-8"),
        ("behind", {"signature": good + b"more\n"}, "something behind its four lines"),
        ("algorithm", {"signature": good.replace(b"\nRUT", b"\nRXT").replace(b"\nRUQ", b"\nRXQ").replace(b"\nRU", b"\nRX")}, "another algorithm"),
        ("legacy", {"signature": good.replace(b"\nRU", b"\nRW")}, "not the bytes that were signed"),
        ("cut", {"signature": good[:-20]}, "cut or damaged: its fourth line"),
        ("two lines", {"signature": b"\n".join(lines[:2])}, "cut or damaged: its third line"),
        ("one line", {"signature": lines[0]}, "cut or damaged: its second line"),
        ("empty", {"signature": b""}, "does not begin with an untrusted comment"),
        ("garbage", {"signature": os.urandom(700)}, "the signature is|pipgate-fetch|holds a NUL"),
        ("long", {"signature": b"x" * 20000}, "larger than 12288 bytes"),
        ("no key", {"key": b"no key\n"}, "the public key is none"),
        ("key of a secret", {"key": read(c, "k")}, "the public key is none"),
        ("key and more", {"key": public + b"RW\n"}, "the public key is none"),
        ("spaces", {"key": b" " + public.split(b"\n")[1]}, "the public key is none"),
    ]
    for name, change, sentence in table:
        for file, key in (("f", "file"), ("f.minisig", "signature"), ("p", "key")):
            c.write(file, change.get(key, {"file": b"what is signed\n", "signature": good, "key": public}[key]))
        c.expect(c.pipgate("key", "verify", "f", "-k", "p"), status=41 if name in ("long",) else 1, out=r"\A\Z", err=sentence)
    c.write("f", b"what is signed\n")
    c.write("f.minisig", good)
    c.expect(c.pipgate("key", "verify", "f", "-k", "k.pub"), status=0)
    os.symlink("f", c.path("link"))
    shutil.copy(c.path("f.minisig"), c.path("link.minisig"))
    c.expect(c.pipgate("key", "verify", "link", "-k", "k.pub"), status=41, err="a symbolic link")
    os.unlink(c.path("f.minisig"))
    c.expect(c.pipgate("key", "verify", "f", "-k", "k.pub"), status=41, err=r"f\.minisig: No such file")


@case(pips="one", mode="any")
def key_that_cannot_sign(c):
    """No key is written over; a damaged, encrypted or foreign one signs nothing; what is wrong on the command line is 42."""
    pair(c)
    secret = read(c, "k")
    c.expect(c.pipgate("key", "new", "-o", "k"), status=41, err="k: is there already")
    c.write("half.pub", b"mine")
    c.expect(c.pipgate("key", "new", "-o", "half"), status=41, err=r"half\.pub: is there already")
    c.true(not os.path.exists(c.path("half")), "half of a pair stays")
    os.symlink("nowhere", c.path("dangling"))
    c.expect(c.pipgate("key", "new", "-o", "dangling"), status=41, err="is there already")
    c.equal(read(c, "k"), secret, "the key")
    c.write("f", b"x")
    raw = bytearray(base64.b64decode(secret.split(b"\n")[1]))
    for name, at, sentence in (("seed", 70, "damaged"), ("public", 100, "damaged"), ("encrypted", 2, "is encrypted"), ("foreign", 0, "another algorithm")):
        bad = bytearray(raw)
        bad[at] ^= 1
        c.write(name, b"untrusted comment: x\n" + base64.b64encode(bytes(bad)) + b"\n")
        c.expect(c.pipgate("key", "sign", "f", "-k", name), status=41, err="f was not signed: signature: the secret key.*" + sentence)
    c.expect(c.pipgate("key", "sign", "f", "-k", "k.pub"), status=41, err="the secret key is none")
    c.expect(c.pipgate("key", "sign", "nothing", "-k", "k"), status=41, err="nothing was not signed")
    c.expect(c.pipgate("key", "sign", "f", "-k", "k", "-c", "a\nb"), status=41, err="control character")
    c.true(not os.path.exists(c.path("f.minisig")), "a signature was written")
    for words in ((), ("what",), ("new",), ("new", "-o", "x", "y"), ("sign", "f"), ("sign", "-k", "k"), ("verify", "f"), ("sign", "f", "-o", "k"),
                  ("verify", "f", "-k", "k.pub", "-P", "x"), ("verify", "f", "-k")):
        c.expect(c.pipgate("key", *words), status=42, err="key")
    c.expect(c.pipgate("key", "--help"), status=0, out=["key new", "key sign", "key verify"])
