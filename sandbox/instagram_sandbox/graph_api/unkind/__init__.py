"""The unkind mode: answers that are spoiled at random, all over a world.

The oddities are answers that somebody has seen. The unkind mode shows what nobody has seen yet: a
field that is missing or of another type, an item that comes twice, a call that always fails with an
unknown code. `mutations` lists the ways to spoil an answer, `walk` finds the fields and items of an
answer, and `unkind` decides which of them are spoiled and keeps a record of them. `order` holds the
settings, which know nothing of the rest.
"""
