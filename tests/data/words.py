# SPDX-License-Identifier: BSD-2-Clause
"""English words, the commoner ones first, and how often each is drawn."""

WORDS = """
the of and to a in is that it was for on with as be at by this had not are but
from or have an they which one you were all her she there would their we him
been has when who will more no if out so said what up its about into than them
can only other new some could time these two may then do first any my now such
like our over man me even most made after also did many before must through
back years where much your way well down should because each just those people
how too little state good very make world still own see men work long get here
between both life being under never day same another know while last might us
great old year off come since against go came right used take three
house water small place such again home children school found part number
away hand light night book letter river stone garden window paper garden
library reader author shelf page chapter volume story winter summer morning
evening market street bridge corner kitchen table lamp mirror basket blanket
harbour sailor captain island mountain valley forest meadow village county
farmer teacher doctor merchant carpenter painter soldier neighbour stranger
brother sister mother father daughter friend company office council
government question answer reason matter account history science nature
weather machine engine wheel railway station journey distance measure
silver golden ancient modern quiet narrow broad gentle bitter honest curious
careful patient certain common early late heavy bright shallow distant
yesterday tomorrow sometimes seldom perhaps nearly almost hardly quickly
slowly carefully suddenly together apart within without beyond beneath above
carry gather borrow return remember forget follow promise discover describe
believe imagine wander whisper listen travel deliver arrange compare consider
continue decide develop examine explain express happen improve include inform
intend observe obtain occur offer prepare prevent produce protect provide
receive reduce refuse repeat replace require resolve reveal satisfy select
separate settle suggest support suppose surround survive suspect understand
catalogue manuscript parchment binding printer edition translation preface
archive inventory register signature collection fragment
""".split()


def slots(count):
    """Fill `count` slots: the nth word about as often as 1/(n+3)."""
    words = list(dict.fromkeys(WORDS))
    weights = [1 / (n + 3) for n in range(len(words))]
    scale = count / sum(weights)
    filled = []
    for word, weight in zip(words, weights):
        filled += [word] * max(1, round(weight * scale))
    return (filled + words * count)[:count]
