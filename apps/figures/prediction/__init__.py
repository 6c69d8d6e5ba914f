"""How likely a first attempt comes late or fails: features, training, telling. Plain Python and NumPy.

``features`` says what is known before the vehicle comes, ``training`` fits weights to a history with
scikit-learn and tests them on the days it held back, ``scoring`` calculates with weights and names the
strongest reasons. Weights are plain values: nothing that was stored is ever run.
"""
