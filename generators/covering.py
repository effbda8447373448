"""Choosing words so that each token is shown as often as is asked, in few rows.

Rarest first: a token that few words show has little choice, and what is chosen for it shows other tokens
too. Of the words that show a token those are taken that show most others which are still wanted.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from generators.ragged import Ragged, offsets_of

Ints = npt.NDArray[np.int64]

_LOOKED_AT = 512  # forms of those that show a token, the most common words first


@dataclass(frozen=True)
class Chosen:
    """Forms that together show every token so many times.

    Attributes:
        form: (n,) which form; one comes again where a token has too few.
        rank: (n,) the lowest of the tokens that it was wanted for.
    """

    form: Ints
    rank: Ints


def choose(forms: Ragged, tokens: int, times: int) -> Chosen:
    """Choose forms so that every token that some form shows is shown in at least so many of them.

    Args:
        forms: the tokens that each form shows, each token once in a form; better forms first.
        tokens: how many there are.
        times: how often each must be shown.

    >>> found = choose(Ragged.of([[0, 1], [1], [2]]), 4, 2)
    >>> found.form.tolist(), found.rank.tolist()
    ([0, 0, 2, 2], [0, 0, 2, 2])
    """
    shows = forms.spread(np.arange(len(forms)))
    order = np.argsort(forms.values, kind="stable")
    have = np.bincount(forms.values, minlength=tokens)
    of_token = Ragged(offsets_of(have), shows[order])
    wanted = np.where(have > 0, times, 0)
    used = np.zeros(len(forms), dtype=np.int64)
    chosen, ranks = [], []
    # One token after another, since each choice changes what the next one gains: a second for 60,000 tokens.
    for token in np.argsort(have, kind="stable").tolist():
        if wanted[token] <= 0:
            continue
        start = of_token.offsets[token]
        found = of_token.values[start : min(of_token.offsets[token + 1], start + _LOOKED_AT)]
        shown = forms.take(found)
        gain = np.add.reduceat(wanted[shown.values] > 0, shown.starts)
        best = found[np.lexsort((found, used[found], -gain))]
        taken = np.resize(best, wanted[token])
        used[taken[: len(best)]] += 1
        shown = forms.take(taken)
        rank = np.where(wanted[shown.values] > 0, shown.values, tokens)
        ranks.append(np.minimum.reduceat(rank, shown.starts))
        chosen.append(taken)
        np.subtract.at(wanted, shown.values, 1)
    if not chosen:
        return Chosen(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    return Chosen(np.concatenate(chosen), np.concatenate(ranks))
