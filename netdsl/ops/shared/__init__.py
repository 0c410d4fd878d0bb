"""What the operators share: their base, kinds of fields, checks, the arithmetic of windows; and what is asked of any of
them: its notation, its page in the reference.
"""
