"""The two word2vec losses as mathematics: definitions, cases and a trusted oracle."""
