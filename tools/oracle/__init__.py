"""An independent judge of fire times: a brute-force minute scan that shares no code with the product.

`PYTHONPATH=tools:tests python -m oracle.campaign --cases 100000` compares the two.
"""
