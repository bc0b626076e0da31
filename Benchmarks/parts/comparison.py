"""What is worse than recorded. Pure: everything was measured before."""

from __future__ import annotations

# Of the CPU ratios, as a share: other work on the machine moves them by as much.
TOLERANCE = 0.4


def worse(recorded: dict, fresh: dict) -> list[str]:
    """Of one part, as `Result.json` has it; a sentence each."""
    found = []
    for kind, before in recorded["ratios"].items():
        now = fresh["ratios"].get(kind)
        if now is None:
            found.append(f"CPU of a delivery: not measured against {kind} any more, was {before:.2f}")
        elif now > before * (1 + TOLERANCE):
            found.append(f"CPU of a delivery: {now:.2f} of {kind}, was {before:.2f}")
    aims = {aim["what"]: aim for aim in fresh["aims"]}
    for before in recorded["aims"]:
        now = aims.get(before["what"])
        if now is None:
            found.append(f"{before['what']}: not measured any more")
            continue
        old, new = before["value"], now["value"]
        # What still meets its aim is good enough.
        is_worse = new < old / (1 + before["tolerance"]) if before["is_least"] else new > old * (1 + before["tolerance"])
        if is_worse and not now["is_met"]:
            found.append(f"{before['what']}: {new:,.2f}{before['unit']}, was {old:,.2f}{before['unit']}")
    return found
