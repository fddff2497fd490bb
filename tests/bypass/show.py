# SPDX-License-Identifier: Apache-2.0
"""Prints what ran: the bypass table, a line a row, and the matrix of roads and pairs. Nothing here knows an outcome by heart."""

WIDTH = 64


def short(pair):
    return str(pair).replace("pip", "", 1).replace("-py", "/")


def state_of(row, outcomes):
    """("held" | "not coverable" | "FAILED" | "not shown", why). A row that did not run, or only by halves, is not held."""
    failed = [i.name for i, state, _ in outcomes if state == "failed"]
    missing = [p for p in row.proofs if not any(i.proof == p and state == "ok" for i, state, _ in outcomes)]
    if failed:
        return "FAILED", ", ".join(failed)
    if missing:
        reasons = {text for i, state, text in outcomes if state == "skipped" and i.proof in missing}
        return "not shown", "; ".join(sorted(reasons)) or "did not run: " + ", ".join(missing)
    return ("not coverable", row.why) if row.why else ("held", "")


def rows(rows, done):
    """Prints the table and its count; how many rows failed."""
    counts = {}
    for row in rows:
        mine = [d for d in done if d[0].proof in row.proofs]
        state, why = state_of(row, mine)
        counts[state] = counts.get(state, 0) + 1
        ran = sorted({short(i.pair) for i, s, _ in mine if s == "ok"})
        print("%-*s  %-13s  %2d pairs%s" % (WIDTH, row.road, state, len(ran), "  (%s)" % why if why else ""))
        print("%s  %s" % ("    by " + ", ".join(row.proofs), "on " + " ".join(ran) if ran else ""))
    print("bypass: %d rows: %s" % (len(rows), ", ".join("%d %s" % (counts[s], s) for s in ("held", "not coverable", "not shown", "FAILED") if s in counts)))
    return counts.get("FAILED", 0) + counts.get("not shown", 0)


def matrix(roads, done):
    """Prints which road was held on which pair; how many cells are empty or failed."""
    cells = {(i.proof, i.pair): (state, i.note, text) for i, state, text in done}
    pairs = sorted({i.pair for i, _, _ in done if i.proof == roads[0][1]}, key=lambda p: (p.version, int(p.python[2:])))
    wide = max(len(short(p)) for p in pairs)
    print("\n%-*s  %s" % (wide, "pip/Python", "  ".join("%-9s" % name for name, _ in roads)))
    bad, notes = 0, []
    for pair in pairs:
        line = []
        for name, proof in roads:
            state, note, text = cells.get((proof, pair), ("empty", "", ""))
            bad += state != "ok"
            if note:
                notes.append("%s, %s: %s" % (short(pair), name, note))
            if state == "skipped":
                notes.append("%s, %s: %s" % (short(pair), name, text))
            line.append("%-9s" % {"ok": "held" + ("*" if note else ""), "failed": "FAILED"}.get(state, state))
        print("%-*s  %s" % (wide, short(pair), "  ".join(line)))
    for note in notes:
        print("* " + note)
    print("matrix: %d cells, %d not held" % (len(pairs) * len(roads), bad))
    return bad
