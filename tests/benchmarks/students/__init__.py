"""Homework as students write it, in three styles, and with each mistake of the table made in it.

Each function is written with loops, vectorised, and under other names. A mistake is an edit of that
text, as somebody would make it, never a call of the prediction that it is to be recognised by.
"""
