"""Acts on a lesson: moments are made, reworded, moved and gone through, also while one is on its way."""

from __future__ import annotations

from fmstudio.bench.monkey.acts.registry import World, act
from fmstudio.bench.monkey.hand import Hand
from fmstudio.document.specs.view import Region

MAKING = ("add-moment", "add-moment", "replace-moment", "earlier", "later", "remove-moment")
GOING = ("next-moment", "previous-moment")


@act("make a lesson", 3)
def make(hand: Hand, _world: World) -> str | None:
    action = hand.window.actions_by_id[hand.luck.choice(MAKING)]
    if not action.isEnabled():
        return None
    action.trigger()
    return action.text().lower()


@act("go through a lesson", 5)
def go(hand: Hand, _world: World) -> str | None:
    """A few moments, some before the one before has come."""
    if not hand.window.session.lesson.moments:
        return None
    times = hand.luck.randint(1, 4)
    for _ in range(times):
        hand.window.actions_by_id[hand.luck.choice(GOING)].trigger()
        hand.wait(hand.luck.choice((0, 100, 900)))
    return f"go through {times} moments"


@act("reword a moment", 1)
def reword(hand: Hand, _world: World) -> str | None:
    strip = hand.window.arrangement.strip
    if not strip.isVisible() or hand.window.session.lesson.moment is None:
        return None
    strip.edit.setChecked(True)
    hand.wait(50)
    strip.caption_field.setFocus()
    hand.write(strip.title_field, hand.luck.choice(("Noise", "σ = 1", "p_t")))
    strip.caption_field.setPlainText(hand.luck.choice(("", "Look at u_t.", "x < y & z", "a" * 300)))
    strip.edit.setChecked(hand.luck.random() < 0.5)
    return "reword a moment"


@act("hide controls", 1)
def hide(hand: Hand, _world: World) -> str:
    region = hand.luck.choice(list(Region))
    hand.window.arrangement.strip.entries[region].trigger()
    return f"hide or show {region}"
